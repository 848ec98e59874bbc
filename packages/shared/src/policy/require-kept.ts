import type { Backup } from '../contracts/backup.js';
import { fail } from '../errors.js';

/**
 * Refuses a backup that retention has removed. Whoever asks for a job looks before, and the job looks again once its row is
 * claimed: a cleanup may have come between, and missing files then say nothing against the backup.
 *
 * @throws SafekeepError BACKUP_DISPOSED
 */
export function requireKept({ id, disposedAt }: Pick<Backup, 'id' | 'disposedAt'>): void {
  if (disposedAt !== null) throw fail('BACKUP_DISPOSED', { id, at: disposedAt.toISOString() });
}
