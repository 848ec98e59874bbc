import type pg from 'pg';
import { type Actor, appendAudit } from '../audit/audit.js';
import type { Backup } from '../contracts/backup.js';
import { SafekeepError } from '../errors.js';
import { findBackup } from './backups.js';
import { type Database, inTransaction } from './database.js';
import { requireBackup } from './require-backup.js';

interface Hold {
  readonly backupId: string;
  /** `false` takes the hold away. */
  readonly hold: boolean;
  readonly reason: string;
  readonly actor: Actor;
}

/**
 * Forbids retention to remove a backup, and what it builds on, or allows it again. Each outcome, also a refusal, leaves
 * one audit event.
 *
 * @throws SafekeepError BACKUP_UNKNOWN, BACKUP_DISPOSED, BACKUP_NOT_COMPLETED
 */
export async function setHold(pool: pg.Pool, given: Hold): Promise<Backup> {
  try {
    return await inTransaction(pool, async (db) => {
      const before = await lockHoldable(db, given.backupId);
      await db.query('UPDATE backups SET legal_hold = $2, legal_hold_reason = $3 WHERE id = $1', [
        given.backupId,
        given.hold,
        given.hold ? given.reason : null,
      ]);
      await audit(db, given, 'ok', { before: before.legalHold });
      return (await findBackup(db, given.backupId)) ?? before;
    });
  } catch (error) {
    if (error instanceof SafekeepError) await audit(pool, given, 'refused', { code: error.code });
    throw error;
  }
}

async function lockHoldable(db: Database, id: string): Promise<Backup> {
  await db.query('SELECT FROM backups WHERE id = $1 FOR UPDATE', [id]);
  return requireBackup(db, id, 'completed', 'missing');
}

async function audit(
  db: Database,
  { actor, backupId, hold, reason }: Hold,
  result: 'ok' | 'refused',
  more: Record<string, string | boolean>,
): Promise<void> {
  const detail = { hold, reason, ...more };
  await appendAudit(db, { actor, action: 'hold.set', target: backupId, result, detail });
}
