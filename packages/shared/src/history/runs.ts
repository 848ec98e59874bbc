import { fail } from '../errors.js';
import type { QueueName } from '../queues/contracts.js';
import type { Database } from './database.js';

/** How long a run may be silent before another worker may take its place, in seconds. */
export const LEASE_SECONDS = 45;

/** What was started this often and never ended is not started again (a job can kill its worker). */
export const MAXIMUM_ATTEMPTS = 5;

/** One attempt of one job. Everything it writes to history names its token. */
export interface Run {
  readonly id: string;
  /** Fencing token: grows with every run, so an older run can be told from a newer one. */
  readonly token: number;
  readonly startedAt: Date;
}

/** What a run is about. */
interface NewRun {
  /** Of the claim, not of the transaction: a claim whose answer was lost is asked for once more. */
  readonly id: string;
  readonly queue: QueueName;
  /** The row that the job is about. */
  readonly subjectId: string;
  /** The source that the run writes for; `null` when it only reads. */
  readonly source: string | null;
  /** Host and pid, for people. */
  readonly worker: string;
}

/** Starts a run with a fresh lease and a token greater than all before it. Its transaction may have waited for the run before it to end. */
export async function insertRun(db: Database, run: NewRun): Promise<Run> {
  const { rows } = await db.query<{ id: string; token: number; startedAt: Date }>(
    `INSERT INTO runs (id, queue, subject_id, source, state, worker, started_at, lease_until)
     VALUES ($1, $2, $3, $4, 'running', $5, clock_timestamp(), clock_timestamp() + make_interval(secs => $6))
     RETURNING id, token, started_at AS "startedAt"`,
    [run.id, run.queue, run.subjectId, run.source, run.worker, LEASE_SECONDS],
  );
  return rows[0] as Run;
}

/** A run that goes on, by its id. */
export async function findRun(db: Database, id: string): Promise<Run | null> {
  const { rows } = await db.query<Run>(
    `SELECT id, token, started_at AS "startedAt" FROM runs WHERE id = $1 AND state = 'running'`,
    [id],
  );
  return rows[0] ?? null;
}

/**
 * Cuts leases that reach further than any heartbeat sets them: history's clock was set back. A living run renews its own
 * within a second; one of a dead run would keep its source from being backed up until the clock has caught up.
 */
export async function shortenLeases(db: Database): Promise<void> {
  await db.query(
    `UPDATE runs SET lease_until = now() + make_interval(secs => $1)
     WHERE state = 'running' AND lease_until > now() + make_interval(secs => $1 + 5)`,
    [LEASE_SECONDS],
  );
}

/** Remembers the name under which a run will publish, so that a successor can find what it left. */
export async function nameRunFile(db: Database, run: Run, fileName: string): Promise<void> {
  const { rowCount } = await db.query(
    `UPDATE runs SET file_name = $3 WHERE id = $1 AND token = $2 AND state = 'running'`,
    [run.id, run.token, fileName],
  );
  if (rowCount !== 1) throw fail('RUN_FENCED');
}

/** Parts of a progress that change with the clock although nothing goes on. */
const ESTIMATES = `'{bytesPerSecond,secondsLeft}'::text[]`;

/**
 * Renews the lease and stores the progress (of the job's own shape, as JSON).
 * @returns whether somebody asked for the backup that the run is about to be cancelled; the lease holds all the same.
 * @throws SafekeepError RUN_FENCED when the run was declared lost: it must stop and publish nothing.
 */
export async function heartbeat(db: Database, run: Run, progress: object | null): Promise<boolean> {
  const { rows } = await db.query<{ cancelled: boolean }>(
    `UPDATE runs SET heartbeat_at = now(), lease_until = now() + make_interval(secs => $3), progress = $4,
       progress_at = CASE WHEN (progress - ${ESTIMATES}) IS DISTINCT FROM ($4::jsonb - ${ESTIMATES}) THEN now() ELSE progress_at END
     WHERE id = $1 AND token = $2 AND state = 'running'
     RETURNING EXISTS (SELECT FROM backups b WHERE b.id = subject_id AND b.cancel_requested_at IS NOT NULL) AS cancelled`,
    [run.id, run.token, LEASE_SECONDS, progress === null ? null : JSON.stringify(progress)],
  );
  const beat = rows[0];
  if (beat === undefined) throw fail('RUN_FENCED');
  return beat.cancelled;
}

/** Ends a run whose backup is settled otherwise. @throws SafekeepError RUN_FENCED */
export async function closeRun(db: Database, run: Run, state: 'completed'): Promise<void> {
  await endRun(db, run, state, null);
}

/**
 * Ends a run. Repeating it is harmless, for the answer to the first call may have been lost: it is then `false`, and
 * what belongs to the end was done with it (meanwhile another run may hold the backup).
 */
export async function endRun(
  db: Database,
  run: Run,
  state: string,
  errorCode: string | null,
): Promise<boolean> {
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

/** Attempts that failed or died; those that an orderly stop of their worker ended do not count. */
export async function countUnfinishedAttempts(db: Database, subjectId: string): Promise<number> {
  const { rows } = await db.query<{ attempts: number }>(
    `SELECT count(*) AS attempts FROM runs WHERE subject_id = $1 AND state IN ('failed', 'lost')`,
    [subjectId],
  );
  return rows[0]?.attempts ?? 0;
}
