import type pg from 'pg';
import type { Backup } from '../contracts/backup.js';
import { fail, type SafekeepError } from '../errors.js';
import { findBackup } from './backups.js';
import { type Database, inRepeatableTransaction } from './database.js';

/** How the queue refused a request; `null` when it did not. */
export function refusalOf({ status, error }: Backup): SafekeepError | null {
  if (status !== 'failed') return null;
  if (error?.code === 'QUEUE_FULL') return fail('QUEUE_FULL');
  return error?.code === 'QUEUE_UNAVAILABLE' ? fail('QUEUE_UNAVAILABLE') : null;
}

/** Whether the answer to a request stands in its row already: somebody has begun it, ended it or noted its acceptance. */
export async function isDecided(db: Database, id: string): Promise<boolean> {
  const { rows } = await db.query(
    `SELECT FROM backups WHERE id = $1 AND (accepted_at IS NOT NULL OR status <> 'queued' OR attempts > 0)`,
    [id],
  );
  return rows.length === 1;
}

/** Notes that a request is in the queue, so that nobody refuses it any more. @returns the row, which may be refused already. */
export async function acceptRequest(pool: pg.Pool, id: string): Promise<Backup | null> {
  return inRepeatableTransaction(pool, async (db) => {
    await db.query(
      `UPDATE backups SET accepted_at = now() WHERE id = $1 AND accepted_at IS NULL AND status <> 'failed'`,
      [id],
    );
    return findBackup(db, id);
  });
}

/**
 * Ends a request that the queue did not take, unless somebody has begun or accepted it. In the same transaction `write`
 * adds what belongs to that end. @returns the row as it is now
 */
export async function refuseRequest(
  pool: pg.Pool,
  id: string,
  error: SafekeepError,
  write: (db: Database) => Promise<void>,
): Promise<Backup | null> {
  return inRepeatableTransaction(pool, async (db) => {
    const { rowCount } = await db.query(
      `UPDATE backups SET status = 'failed', ended_at = now(), error_code = $2, error_message = $3, error_hint = $4
       WHERE id = $1 AND status = 'queued' AND accepted_at IS NULL AND attempts = 0`,
      [id, error.code, error.message, error.hint],
    );
    if (rowCount === 1) await write(db);
    return findBackup(db, id);
  });
}
