import type { Backup } from '../contracts/backup.js';
import { fail } from '../errors.js';
import { requireKept } from '../policy/require-kept.js';
import { findBackup } from './backups.js';
import type { Database } from './database.js';

/**
 * The backup that a request is about, which retention has not removed and which is in one of these states.
 * @throws SafekeepError BACKUP_UNKNOWN, BACKUP_DISPOSED, BACKUP_NOT_COMPLETED
 */
export async function requireBackup(
  db: Database,
  id: string,
  ...states: readonly Backup['status'][]
): Promise<Backup> {
  const backup = await findBackup(db, id);
  if (backup === null) throw fail('BACKUP_UNKNOWN', { id });
  requireKept(backup);
  if (!states.includes(backup.status)) throw fail('BACKUP_NOT_COMPLETED', { id, status: backup.status });
  return backup;
}
