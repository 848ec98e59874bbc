import type { BackupType } from '@safekeep/shared/contracts/backup';
import { type BackupFiles, filesAt } from '@safekeep/shared/storage/backup-names';
import type { BackupStorage } from '@safekeep/shared/storage/contract';

/** The first names from the run's start on that nobody has taken, a second apart. */
export async function freeNames(
  storage: BackupStorage,
  type: BackupType,
  startedAt: Date,
): Promise<BackupFiles> {
  for (let second = 0; ; second += 1) {
    const names = filesAt(type, new Date(startedAt.getTime() + second * 1000));
    const taken = await Promise.all(Object.values(names).map((name: string) => storage.isTaken(name)));
    if (!taken.includes(true)) return names;
  }
}
