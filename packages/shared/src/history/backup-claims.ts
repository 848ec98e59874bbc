import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type Database, inRepeatableTransaction } from './database.js';
import { countUnfinishedAttempts, findRun, insertRun, type Run } from './runs.js';

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
 * answer is `busy`; a run whose lease has passed is declared lost and its backup goes back to `queued`. A claim whose
 * answer was lost is found again.
 */
export async function claimBackup(pool: pg.Pool, request: ClaimRequest): Promise<Claim> {
  const runId = randomUUID();
  return inRepeatableTransaction(pool, async (db) => {
    await lockClaims(db, request.source);
    const { rows } = await db.query<{ status: string }>(
      'SELECT status FROM backups WHERE id = $1 FOR UPDATE',
      [request.backupId],
    );
    const row = rows[0];
    if (row === undefined) return { kind: 'ended', status: 'unknown' };
    if (row.status !== 'queued' && row.status !== 'running') return { kind: 'ended', status: row.status };
    const mine = await findRun(db, runId);
    const busy = mine === null ? await loseOrRespect(db, request.source) : null;
    if (busy !== null) return { kind: 'busy', retryInSeconds: busy };
    return {
      kind: 'started',
      earlierAttempts: await countUnfinishedAttempts(db, request.backupId),
      run: mine ?? (await startRun(db, runId, request)),
      lost: await unsweptRuns(db, request.source),
    };
  });
}

/**
 * Claims of one source take turns, also while no run of it exists that a row lock could hold on to. Held until the
 * transaction ends.
 * @returns whether it is held; always, unless it was only tried.
 */
export async function lockClaims(
  db: Database,
  source: string,
  how: 'wait' | 'try' = 'wait',
): Promise<boolean> {
  if (how === 'wait') {
    await db.query(`SELECT pg_advisory_xact_lock(7305003, hashtext($1))`, [source]);
    return true;
  }
  const { rows } = await db.query<{ held: boolean }>(
    `SELECT pg_try_advisory_xact_lock(7305003, hashtext($1)) AS held`,
    [source],
  );
  return rows[0]?.held === true;
}

/** Declares the source's run lost when its lease has passed, or tells for how many seconds it still holds. Needs the lock of claims. */
export async function loseOrRespect(db: Database, source: string): Promise<number | null> {
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

async function startRun(db: Database, id: string, { backupId, source, worker }: ClaimRequest): Promise<Run> {
  const run = await insertRun(db, { id, queue: 'backup', subjectId: backupId, source, worker });
  await db.query(
    `UPDATE backups SET status = 'running', attempts = attempts + 1, started_at = now(), ended_at = NULL WHERE id = $1`,
    [backupId],
  );
  return run;
}

/** The source's dead runs that nobody has settled, the oldest first. */
export async function unsweptRuns(db: Database, source: string): Promise<LostRun[]> {
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
