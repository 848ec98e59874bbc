import type { BackupType } from '@safekeep/shared/contracts/backup';
import type { BackupStorage } from '@safekeep/shared/storage/contract';

/** The names of one backup's files (docs/BACKUP_FORMAT.md). */
export interface FileNames {
  readonly data: string;
  readonly globals: string;
  readonly sidecar: string;
}

/** Names by the time of the run's start in UTC. */
export function fileNames(type: BackupType, startedAt: Date): FileNames {
  const stem = `${type}_backup_${stamp(startedAt)}`;
  const data = `${stem}.pgdump.enc.gz`;
  return { data, globals: `${stem}.globals.sql.enc`, sidecar: `${data}.meta` };
}

/** `20240101_020000`, in UTC. */
export function stamp(time: Date): string {
  const digits = time.toISOString().replace(/\D/g, '');
  return `${digits.slice(0, 8)}_${digits.slice(8, 14)}`;
}

/** The names of a published data file's companions and sidecar. */
export function namesBeside(data: string): FileNames {
  return { data, globals: data.replace(/\.pgdump\.enc\.gz$/, '.globals.sql.enc'), sidecar: `${data}.meta` };
}

/** The first names from the run's start on that nobody has taken, a second apart. */
export async function freeNames(
  storage: BackupStorage,
  type: BackupType,
  startedAt: Date,
): Promise<FileNames> {
  for (let second = 0; ; second += 1) {
    const names = fileNames(type, new Date(startedAt.getTime() + second * 1000));
    const taken = await Promise.all(Object.values(names).map((name) => storage.isTaken(name)));
    if (!taken.includes(true)) return names;
  }
}
