import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { fail, type SafekeepError } from '../errors.js';
import type { QueueName } from '../queues/contracts.js';
import { type Database, inRepeatableTransaction, inTransaction } from './database.js';
import { countUnfinishedAttempts, endRun, findRun, insertRun, MAXIMUM_ATTEMPTS, type Run } from './runs.js';

/**
 * The tables whose rows are jobs: what queue and job carry a row, under which name the job's data holds its id, and the
 * status of a row that could not be carried out. Backups have claims of their own (`backup-claims.ts`).
 */
export const JOB_TABLES = {
  verifications: { queue: 'verify', job: 'verify', id: 'verificationId', gaveUp: 'error' },
  recovery_tests: { queue: 'restore-test', job: 'restore-test', id: 'recoveryTestId', gaveUp: 'error' },
  restores: { queue: 'restore-test', job: 'restore', id: 'restoreId', gaveUp: 'failed' },
  cleanup_runs: { queue: 'cleanup', job: 'cleanup', id: 'cleanupRunId', gaveUp: 'failed' },
  reports: { queue: 'report', job: 'report', id: 'reportId', gaveUp: 'failed' },
  notifications: { queue: 'notify', job: 'notify', id: 'notificationId', gaveUp: 'failed' },
} as const satisfies Record<
  string,
  { readonly queue: QueueName; readonly job: string; readonly id: string; readonly gaveUp: string }
>;

export type JobTable = keyof typeof JOB_TABLES;

type RowClaim =
  | { readonly kind: 'started'; readonly run: Run }
  | { readonly kind: 'ended' }
  | { readonly kind: 'busy'; readonly retryInSeconds: number };

/**
 * Claims a row for one attempt; a run whose lease has passed is declared lost. A row that was started too often ends
 * here, as `gaveUp` with TOO_MANY_ATTEMPTS. A claim whose answer was lost is found again.
 *
 * @param onGivenUp what belongs to that end, in the same transaction
 */
export async function claimRow(
  pool: pg.Pool,
  table: JobTable,
  id: string,
  worker: string,
  onGivenUp: (db: Database, error: SafekeepError) => Promise<void> = async () => {},
): Promise<RowClaim> {
  const runId = randomUUID();
  return inRepeatableTransaction(pool, async (db) => {
    const { rows } = await db.query<{ status: string }>(
      `SELECT status FROM ${table} WHERE id = $1 FOR UPDATE`,
      [id],
    );
    const status = rows[0]?.status;
    if (status !== 'queued' && status !== 'running') return { kind: 'ended' };
    const mine = await findRun(db, runId);
    if (mine !== null) return { kind: 'started', run: mine };
    const left = await leaseLeft(db, id);
    if (left > 0) return { kind: 'busy', retryInSeconds: left };
    await db.query(
      `UPDATE runs SET state = 'lost', ended_at = now() WHERE subject_id = $1 AND state = 'running'`,
      [id],
    );
    const attempts = await countUnfinishedAttempts(db, id);
    if (attempts >= MAXIMUM_ATTEMPTS) {
      const error = fail('TOO_MANY_ATTEMPTS', { attempts });
      await writeFailure(db, table, id, error);
      await onGivenUp(db, error);
      return { kind: 'ended' };
    }
    const run = await insertRun(db, {
      id: runId,
      queue: JOB_TABLES[table].queue,
      subjectId: id,
      source: null,
      worker,
    });
    await db.query(`UPDATE ${table} SET status = 'running', started_at = now() WHERE id = $1`, [id]);
    return { kind: 'started', run };
  });
}

/** What is left of the lease of the row's living run, in seconds; 0 without one. */
async function leaseLeft(db: Database, id: string): Promise<number> {
  const { rows } = await db.query<{ left: number }>(
    `SELECT extract(epoch FROM lease_until - clock_timestamp())::float8 AS left FROM runs
     WHERE subject_id = $1 AND state = 'running'`,
    [id],
  );
  return rows[0]?.left ?? 0;
}

/**
 * Ends a run and, in the same transaction, writes what came of it. Repeating it is harmless.
 * @throws SafekeepError RUN_FENCED
 */
export async function finishRow(
  pool: pg.Pool,
  run: Run,
  write: (db: Database) => Promise<void>,
): Promise<void> {
  await inTransaction(pool, async (db) => {
    if (await endRun(db, run, 'completed', null)) await write(db);
  });
}

/** Ends the attempt; the row waits for its next one. @throws SafekeepError RUN_FENCED */
export async function requeueRow(
  pool: pg.Pool,
  run: Run,
  table: JobTable,
  id: string,
  state: 'failed' | 'interrupted',
  errorCode: string,
): Promise<void> {
  await inTransaction(pool, async (db) => {
    if (!(await endRun(db, run, state, errorCode))) return;
    await db.query(`UPDATE ${table} SET status = 'queued' WHERE id = $1`, [id]);
  });
}

/**
 * Ends run and row: no other attempt can help, or none is left. In the same transaction `write` adds what belongs to that
 * end. @throws SafekeepError RUN_FENCED
 */
export async function giveUpRow(
  pool: pg.Pool,
  run: Run,
  table: JobTable,
  id: string,
  error: SafekeepError,
  write: (db: Database) => Promise<void>,
): Promise<void> {
  await inTransaction(pool, async (db) => {
    if (!(await endRun(db, run, 'failed', error.code))) return;
    await writeFailure(db, table, id, error);
    await write(db);
  });
}

/**
 * Ends a row that no run holds; in the same transaction `write` adds what belongs to that end. Repeating it is harmless.
 * @returns false when a run holds it after all.
 */
export async function failQueuedRow(
  pool: pg.Pool,
  table: JobTable,
  id: string,
  error: SafekeepError,
  write: (db: Database) => Promise<void>,
): Promise<boolean> {
  return inRepeatableTransaction(pool, async (db) => {
    const { rowCount } = await db.query(
      `UPDATE ${table} SET status = $2, ended_at = now(), error_code = $3, reason = $4
       WHERE id = $1 AND status = 'queued'`,
      [id, JOB_TABLES[table].gaveUp, error.code, error.message],
    );
    if (rowCount === 1) {
      await write(db);
      return true;
    }
    const ended = await db.query(`SELECT FROM ${table} WHERE id = $1 AND status = $2 AND error_code = $3`, [
      id,
      JOB_TABLES[table].gaveUp,
      error.code,
    ]);
    return ended.rowCount === 1;
  });
}

/** Makes others that would insert or look for a row of this id wait for the end of the transaction. */
export async function holdNewRow(db: Database, id: string): Promise<void> {
  await db.query('SELECT pg_advisory_xact_lock(7305012, hashtext($1))', [id]);
}

async function writeFailure(db: Database, table: JobTable, id: string, error: SafekeepError): Promise<void> {
  await db.query(
    `UPDATE ${table} SET status = $2, ended_at = now(), error_code = $3, reason = $4 WHERE id = $1`,
    [id, JOB_TABLES[table].gaveUp, error.code, error.message],
  );
}

/** A row that a schedule has asked for and nobody has begun. */
export async function findWaitingScheduledRow(
  db: Database,
  table: 'cleanup_runs' | 'reports',
): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM ${table} WHERE status = 'queued' AND requested_via = 'schedule' AND started_at IS NULL LIMIT 1`,
  );
  return rows[0]?.id ?? null;
}

/** Rows that wait, or whose run died, for longer than the queue takes to see to it by itself. */
export async function findAbandonedRows(db: Database, table: JobTable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM ${table} t
     WHERE status IN ('queued', 'running') AND created_at NOT BETWEEN now() - interval '30 seconds' AND now()
       AND NOT EXISTS (SELECT FROM runs r WHERE r.subject_id = t.id AND r.state = 'running' AND r.lease_until > now())`,
  );
  return rows.map((row) => row.id);
}
