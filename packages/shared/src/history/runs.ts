import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Progress } from '../contracts/backup.js';
import { fail, type SafekeepError } from '../errors.js';
import { type Database, inTransaction } from './database.js';

/** How long a run may be silent before another worker may take its place, in seconds. */
export const LEASE_SECONDS = 45;
/** A backup that was started this often and never ended is not started again (a job can kill its worker). */
export const MAXIMUM_ATTEMPTS = 5;

/** One attempt of one job. Everything it writes to history names its token. */
export interface Run {
  readonly id: string;
  /** Fencing token: grows with every run, so an older run can be told from a newer one. */
  readonly token: number;
  readonly startedAt: Date;
}

/** A run that died; what it left in the backup directory is not swept yet. */
export interface LostRun {
  readonly id: string;
  readonly backupId: string;
  readonly fileName: string | null;
}

export type Claim =
  | {
      readonly kind: 'started';
      readonly run: Run;
      readonly lost: readonly LostRun[];
      /** Earlier attempts that failed or died. From MAXIMUM_ATTEMPTS on the run may only settle what they left. */
      readonly earlierAttempts: number;
    }
  | { readonly kind: 'ended'; readonly status: string }
  | { readonly kind: 'busy'; readonly retryInSeconds: number };

interface ClaimRequest {
  readonly backupId: string;
  readonly source: string;
  /** Host and pid, for people. */
  readonly worker: string;
}

/**
 * Claims the source for one backup. At most one run of a source is alive (I3): while another one's lease holds, the
 * answer is `busy`; a run whose lease has passed is declared lost and its backup goes back to `queued`.
 */
export async function claimBackup(pool: pg.Pool, request: ClaimRequest): Promise<Claim> {
  return inTransaction(pool, async (db) => {
    // Claims of one source take turns, also while no run of it exists that a row lock could hold on to.
    await db.query(`SELECT pg_advisory_xact_lock(7305003, hashtext($1))`, [request.source]);
    const { rows } = await db.query<{ status: string }>(
      'SELECT status FROM backups WHERE id = $1 FOR UPDATE',
      [request.backupId],
    );
    const row = rows[0];
    if (row === undefined) return { kind: 'ended', status: 'unknown' };
    if (row.status !== 'queued' && row.status !== 'running') return { kind: 'ended', status: row.status };
    const busy = await loseOrRespect(db, request.source);
    if (busy !== null) return { kind: 'busy', retryInSeconds: busy };
    return {
      kind: 'started',
      earlierAttempts: await countUnfinishedAttempts(db, request.backupId),
      run: await insertRun(db, request),
      lost: await unsweptRuns(db, request.source),
    };
  });
}

/** Attempts that failed or died; those that an orderly stop of their worker ended do not count. */
async function countUnfinishedAttempts(db: Database, backupId: string): Promise<number> {
  const { rows } = await db.query<{ attempts: number }>(
    `SELECT count(*) AS attempts FROM runs WHERE subject_id = $1 AND state IN ('failed', 'lost')`,
    [backupId],
  );
  return rows[0]?.attempts ?? 0;
}

/** Declares the source's run lost when its lease has passed, or tells for how many seconds it still holds. */
async function loseOrRespect(db: Database, source: string): Promise<number | null> {
  const { rows } = await db.query<{ id: string; subject_id: string; left: number }>(
    `SELECT id, subject_id, extract(epoch FROM lease_until - clock_timestamp())::float8 AS left
     FROM runs WHERE queue = 'backup' AND source = $1 AND state = 'running' FOR UPDATE`,
    [source],
  );
  const run = rows[0];
  if (run === undefined) return null;
  if (run.left > 0) return run.left;
  await db.query(`UPDATE runs SET state = 'lost', ended_at = now() WHERE id = $1`, [run.id]);
  await db.query(`UPDATE backups SET status = 'queued' WHERE id = $1 AND status = 'running'`, [
    run.subject_id,
  ]);
  return null;
}

async function insertRun(db: Database, request: ClaimRequest): Promise<Run> {
  const { rows } = await db.query<{ id: string; token: number; startedAt: Date }>(
    `INSERT INTO runs (id, queue, subject_id, source, state, worker, lease_until)
     VALUES ($1, 'backup', $2, $3, 'running', $4, now() + make_interval(secs => $5))
     RETURNING id, token, started_at AS "startedAt"`,
    [randomUUID(), request.backupId, request.source, request.worker, LEASE_SECONDS],
  );
  await db.query(
    `UPDATE backups SET status = 'running', attempts = attempts + 1, started_at = now(), ended_at = NULL WHERE id = $1`,
    [request.backupId],
  );
  return rows[0] as Run;
}

/**
 * Backups that wait for a run, or whose run died, for longer than the queue takes to see to it by itself. A row is
 * older than its job, so very young ones are left alone.
 */
export async function findAbandonedBackups(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM backups b WHERE status IN ('queued', 'running') AND created_at < now() - interval '30 seconds'
       AND NOT EXISTS (SELECT FROM runs r WHERE r.subject_id = b.id AND r.state = 'running' AND r.lease_until > now())`,
  );
  return rows.map((row) => row.id);
}

async function unsweptRuns(db: Database, source: string): Promise<LostRun[]> {
  const { rows } = await db.query<LostRun>(
    `SELECT id, subject_id AS "backupId", file_name AS "fileName" FROM runs
     WHERE source = $1 AND state = 'lost' AND NOT swept ORDER BY token`,
    [source],
  );
  return rows;
}

export async function markSwept(db: Database, runId: string): Promise<void> {
  await db.query('UPDATE runs SET swept = true WHERE id = $1', [runId]);
}

/** Remembers the name under which a run will publish, so that a successor can find what it left. */
export async function nameRunFile(db: Database, run: Run, fileName: string): Promise<void> {
  const { rowCount } = await db.query(
    `UPDATE runs SET file_name = $3 WHERE id = $1 AND token = $2 AND state = 'running'`,
    [run.id, run.token, fileName],
  );
  if (rowCount !== 1) throw fail('RUN_FENCED');
}

/**
 * Renews the lease and stores the progress.
 * @throws SafekeepError RUN_FENCED when the run was declared lost: it must stop and publish nothing.
 */
export async function heartbeat(db: Database, run: Run, progress: Progress | null): Promise<void> {
  const { rowCount } = await db.query(
    `UPDATE runs SET heartbeat_at = now(), lease_until = now() + make_interval(secs => $3), progress = $4
     WHERE id = $1 AND token = $2 AND state = 'running'`,
    [run.id, run.token, LEASE_SECONDS, progress === null ? null : JSON.stringify(progress)],
  );
  if (rowCount !== 1) throw fail('RUN_FENCED');
}

/** What a finished backup adds to its row. */
export interface BackupResult {
  readonly fileName: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly sizeBytes: number;
  readonly archiveBytes: number;
  readonly checksum: string;
  readonly keyId: string;
  readonly compression: string;
  readonly postgresVersion: string;
  readonly pgDumpVersion: string;
  readonly tableCount: number;
  readonly rowCount: number;
  readonly largeObjectCount: number;
  readonly sequence: number;
  readonly hmac: string;
}

/**
 * Completes the backup under the run's token.
 * @throws SafekeepError RUN_FENCED when the token holds no more, or when the backup was ended in another way.
 */
export async function completeBackup(
  pool: pg.Pool,
  run: Run,
  backupId: string,
  result: BackupResult,
): Promise<void> {
  await inTransaction(pool, async (db) => {
    if (!(await endRun(db, run, 'completed', null))) return;
    if (!(await writeResult(db, backupId, result))) throw fail('RUN_FENCED');
  });
}

/** Ends the run and, with it, the backup. */
export async function failBackup(
  pool: pg.Pool,
  run: Run,
  backupId: string,
  error: SafekeepError,
): Promise<void> {
  await inTransaction(pool, async (db) => {
    if (await endRun(db, run, 'failed', error.code)) await endInFailure(db, backupId, error);
  });
}

/** Ends the run; the backup waits for its next attempt and shows why this one ended. */
export async function requeueBackup(
  pool: pg.Pool,
  run: Run,
  backupId: string,
  state: 'failed' | 'interrupted',
  error: SafekeepError,
): Promise<void> {
  await inTransaction(pool, async (db) => {
    if (!(await endRun(db, run, state, error.code))) return;
    await db.query(
      `UPDATE backups SET status = 'queued', error_code = $2, error_message = $3, error_hint = $4
       WHERE id = $1 AND status = 'running'`,
      [backupId, error.code, error.message, error.hint],
    );
  });
}

/** Ends a run whose backup is settled otherwise. @throws SafekeepError RUN_FENCED */
export async function closeRun(db: Database, run: Run, state: 'completed'): Promise<void> {
  await endRun(db, run, state, null);
}

/**
 * Ends a run. Repeating it is harmless, for the answer to the first call may have been lost: it is then `false`, and
 * what belongs to the end was done with it (meanwhile another run may hold the backup).
 */
async function endRun(db: Database, run: Run, state: string, errorCode: string | null): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE runs SET state = $3, ended_at = now(), error_code = $4
     WHERE id = $1 AND token = $2 AND state = 'running'`,
    [run.id, run.token, state, errorCode],
  );
  if (rowCount === 1) return true;
  const ended = await db.query('SELECT FROM runs WHERE id = $1 AND token = $2 AND state = $3', [
    run.id,
    run.token,
    state,
  ]);
  if (ended.rowCount !== 1) throw fail('RUN_FENCED');
  return false;
}

async function endInFailure(db: Database, backupId: string, error: SafekeepError): Promise<void> {
  await db.query(
    `UPDATE backups SET status = 'failed', ended_at = now(), error_code = $2, error_message = $3, error_hint = $4
     WHERE id = $1`,
    [backupId, error.code, error.message, error.hint],
  );
}

/**
 * Writes what is known of a finished backup. Without a run it completes a backup whose run died after it had
 * published: the sidecar tells what the run could not.
 *
 * @returns whether the backup is completed with this result; one that ended in another way stays as it is.
 */
export async function writeResult(db: Database, backupId: string, result: BackupResult): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE backups SET status = 'completed', started_at = $2, ended_at = $3, file_name = $4, size_bytes = $5,
       archive_bytes = $6, checksum = $7, key_id = $8, compression = $9, postgres_version = $10, pg_dump_version = $11,
       table_count = $12, row_count = $13, large_object_count = $14, sequence = $15, hmac = $16,
       error_code = NULL, error_message = NULL, error_hint = NULL
     WHERE id = $1 AND (status IN ('queued', 'running') OR (status = 'completed' AND hmac = $16))`,
    [
      backupId,
      result.startedAt,
      result.endedAt,
      result.fileName,
      result.sizeBytes,
      result.archiveBytes,
      result.checksum,
      result.keyId,
      result.compression,
      result.postgresVersion,
      result.pgDumpVersion,
      result.tableCount,
      result.rowCount,
      result.largeObjectCount,
      result.sequence,
      result.hmac,
    ],
  );
  return rowCount === 1;
}
