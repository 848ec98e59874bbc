import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type Actor, appendAudit } from '../audit/audit.js';
import type { CleanupDecision } from '../contracts/cleanup.js';
import { fail } from '../errors.js';
import type { RetainedBackup, RetentionDecision } from '../policy/retention.js';
import { readCautiousTime } from './clock.js';
import { type Database, inTransaction } from './database.js';
import { listRetained } from './retained-backups.js';
import type { Run } from './runs.js';

export interface Disposal {
  readonly run: Run;
  readonly cleanupRunId: string;
  readonly backup: Pick<RetainedBackup, 'id' | 'source'>;
  readonly actor: Actor;
  /** Decides again about the backups of the source, as they are now. */
  decide(backups: readonly RetainedBackup[], now: Date): readonly RetentionDecision[];
}

/**
 * Disposes of a backup in history: from here on it counts as removed, and its files may go. In one transaction it is
 * decided once more, while nobody can begin to read the backup: a job that wants to inserts a row that refers to it,
 * which waits for this transaction's lock; afterwards the job finds it disposed of.
 *
 * @returns why it is kept after all, or `null` when it was disposed of
 * @throws SafekeepError RUN_FENCED
 */
export async function disposeBackup(pool: pg.Pool, disposal: Disposal): Promise<string | null> {
  const { id, source } = disposal.backup;
  return inTransaction(pool, async (db) => {
    await respectFence(db, disposal.run);
    // Cleanups of one source take turns, so that each decides on what the others left.
    await db.query('SELECT pg_advisory_xact_lock(7305009, hashtext($1))', [source]);
    const locked = await db.query('SELECT FROM backups WHERE id = $1 AND disposed_at IS NULL FOR UPDATE', [
      id,
    ]);
    if (locked.rowCount === 0) return 'another cleanup removes it';
    const decisions = disposal.decide(await listRetained(db, source), await readCautiousTime(db));
    const decision = decisions.find((candidate) => candidate.backup.id === id);
    if (decision === undefined) return 'it is not among the finished backups any more';
    if (decision.action === 'keep') return decision.reason;
    await record(db, disposal, decision.reason);
    return null;
  });
}

async function respectFence(db: Database, run: Run): Promise<void> {
  const { rowCount } = await db.query(
    `SELECT FROM runs WHERE id = $1 AND token = $2 AND state = 'running' FOR SHARE`,
    [run.id, run.token],
  );
  if (rowCount !== 1) throw fail('RUN_FENCED');
}

async function record(db: Database, disposal: Disposal, reason: string): Promise<void> {
  const { backup, cleanupRunId, actor } = disposal;
  await db.query(
    `UPDATE backups SET status = 'missing', disposed_at = now(), disposed_reason = $2 WHERE id = $1`,
    [backup.id, reason],
  );
  const { rows } = await db.query<{ fileName: string; checksum: string | null }>(
    `INSERT INTO disposals (id, backup_id, cleanup_run_id, source, type, file_name, size_bytes, checksum, hmac, key_id,
       backup_started_at, reason)
     SELECT $1, b.id, $2, b.source, b.type, b.file_name, b.size_bytes, b.checksum, b.hmac, b.key_id, b.started_at, $4
     FROM backups b WHERE b.id = $3
     RETURNING file_name AS "fileName", checksum`,
    [randomUUID(), cleanupRunId, backup.id, reason],
  );
  const detail = { source: backup.source, cleanupRunId, reason, ...rows[0] };
  await appendAudit(db, { actor, action: 'backup.disposed', target: backup.id, result: 'ok', detail });
}

/** A backup that was disposed of and whose files may still be there. */
interface UnfinishedDisposal {
  readonly backupId: string;
  readonly source: string;
  readonly fileName: string;
}

export async function listUnfinishedDisposals(db: Database, source: string): Promise<UnfinishedDisposal[]> {
  const { rows } = await db.query<UnfinishedDisposal>(
    `SELECT backup_id AS "backupId", source, file_name AS "fileName" FROM disposals
     WHERE source = $1 AND files_removed_at IS NULL ORDER BY disposed_at, id`,
    [source],
  );
  return rows;
}

export async function markFilesRemoved(db: Database, backupId: string): Promise<void> {
  await db.query(
    'UPDATE disposals SET files_removed_at = now() WHERE backup_id = $1 AND files_removed_at IS NULL',
    [backupId],
  );
}

/** What a cleanup has disposed of so far, as its decisions: an attempt that died before its end left no others. */
export async function listDisposed(db: Database, cleanupRunId: string): Promise<CleanupDecision[]> {
  const { rows } = await db.query<CleanupDecision>(
    `SELECT backup_id AS "backupId", source, type, file_name AS "fileName", size_bytes AS "sizeBytes",
       'remove' AS action, reason, CASE WHEN files_removed_at IS NULL THEN 'failed' ELSE 'removed' END AS outcome
     FROM disposals WHERE cleanup_run_id = $1 ORDER BY disposed_at, id`,
    [cleanupRunId],
  );
  return rows;
}
