import type pg from 'pg';
import { type Actor, appendAudit } from '../audit/audit.js';
import type { Backup } from '../contracts/backup.js';
import { fail, SafekeepError } from '../errors.js';
import { findBackup } from './backups.js';
import { type Database, inTransaction } from './database.js';

interface Cancellation {
  readonly backupId: string;
  readonly actor: Actor;
}

/**
 * Cancels a backup. One that no worker has begun ends at once; one that runs is marked, and its run ends within seconds,
 * wherever it is. A run that died, or whose backup had been published by then, is settled first: what is there
 * is kept. Asking again changes nothing. Each outcome, also a refusal, leaves one audit event, and the end its own.
 *
 * @returns the row: `cancelled`, or as it was with `cancelRequestedAt`
 * @throws SafekeepError BACKUP_UNKNOWN, BACKUP_ENDED
 */
export async function cancelBackup(pool: pg.Pool, given: Cancellation): Promise<Backup> {
  try {
    return await inTransaction(pool, async (db) => {
      const before = await lockUnended(db, given.backupId);
      await appendRequest(db, given, 'ok', { source: before.source, status: before.status });
      await db.query(
        'UPDATE backups SET cancel_requested_at = coalesce(cancel_requested_at, now()) WHERE id = $1',
        [before.id],
      );
      if (await endWaiting(db, before.id)) {
        const detail = { source: before.source };
        const event = { actor: given.actor, action: 'backup.cancelled', target: before.id } as const;
        await appendAudit(db, { ...event, result: 'ok', detail });
      }
      return (await findBackup(db, before.id)) ?? before;
    });
  } catch (error) {
    if (error instanceof SafekeepError) await appendRequest(pool, given, 'refused', { code: error.code });
    throw error;
  }
}

async function lockUnended(db: Database, id: string): Promise<Backup> {
  // A claim locks the row, too: none begins between this look and the end of the transaction.
  await db.query('SELECT FROM backups WHERE id = $1 FOR UPDATE', [id]);
  const backup = await findBackup(db, id);
  if (backup === null) throw fail('BACKUP_UNKNOWN', { id });
  if (backup.status === 'queued' || backup.status === 'running') return backup;
  throw fail('BACKUP_ENDED', { id, status: backup.status });
}

/** Ends a backup that waits. What a dead run of it left must be settled by a worker: it may have published. */
async function endWaiting(db: Database, id: string): Promise<boolean> {
  const { code, message, hint } = fail('BACKUP_CANCELLED');
  const { rowCount } = await db.query(
    `UPDATE backups SET status = 'cancelled', ended_at = now(), error_code = $2, error_message = $3, error_hint = $4
     WHERE id = $1 AND status = 'queued'
       AND NOT EXISTS (SELECT FROM runs WHERE subject_id = $1 AND state = 'lost' AND NOT swept)`,
    [id, code, message, hint],
  );
  return rowCount === 1;
}

async function appendRequest(
  db: Database,
  { actor, backupId }: Cancellation,
  result: 'ok' | 'refused',
  detail: Readonly<Record<string, string>>,
): Promise<void> {
  await appendAudit(db, { actor, action: 'backup.cancel', target: backupId, result, detail });
}
