import { stat } from 'node:fs/promises';
import { bytes } from '@safekeep/shared/format';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { type Diagnosis, ok, problem, warning } from './diagnosis.js';
import { fromError } from './from-error.js';

/** A volume that holds two more backups leaves a night to react. */
const BACKUPS_TO_SPARE = 3;

/** Backups can be written, and the next ones will fit. */
export async function checkDirectory(
  storage: BackupStorage,
  source: string,
  lastSize: number | null,
): Promise<Diagnosis[]> {
  const subject = `backup directory of ${source}`;
  try {
    await storage.check();
    const free = await storage.freeBytes();
    return [ok(subject, 'can be written, linked and read'), judgeSpace(subject, free, lastSize)];
  } catch (error) {
    return [fromError(subject, error)];
  }
}

/** @param lastSize of the newest backup in bytes, `null` before the first */
export function judgeSpace(subject: string, free: number, lastSize: number | null): Diagnosis {
  const message = `${bytes(free)} free${lastSize === null ? '' : `, the last backup took ${bytes(lastSize)}`}`;
  const hint =
    'Make the volume larger, or shorten retention (BACKUP_RETENTION_FULL_DAYS) and run: backup.sh cleanup';
  if (lastSize === null) return ok(subject, message);
  if (free < lastSize) return problem(subject, message, hint, 1);
  return free < lastSize * BACKUPS_TO_SPARE ? warning(subject, message, hint) : ok(subject, message);
}

/** A file with a secret that others on this machine can read is no secret. */
export async function checkSecretFile(name: string, path: string): Promise<Diagnosis> {
  const { mode } = await stat(path);
  if ((mode & 0o004) === 0) return ok(name, 'its file is closed to others');
  return warning(
    name,
    'its file can be read by every user of this machine',
    `chmod o-r the file of ${name}_FILE`,
  );
}
