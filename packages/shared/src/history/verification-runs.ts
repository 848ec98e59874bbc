import type pg from 'pg';
import type { Verification } from '../contracts/verification.js';
import { fail } from '../errors.js';
import { inTransaction } from './database.js';
import { countUnfinishedAttempts, endRun, insertRun, MAXIMUM_ATTEMPTS, type Run } from './runs.js';

export type VerificationClaim =
  | { readonly kind: 'started'; readonly run: Run; readonly backupId: string }
  | { readonly kind: 'ended' }
  | { readonly kind: 'busy'; readonly retryInSeconds: number };

/** Claims a verification for one attempt; a run whose lease has passed is declared lost. */
export async function claimVerification(
  pool: pg.Pool,
  id: string,
  worker: string,
): Promise<VerificationClaim> {
  return inTransaction(pool, async (db) => {
    const { rows } = await db.query<{ status: string; backupId: string }>(
      'SELECT status, backup_id AS "backupId" FROM verifications WHERE id = $1 FOR UPDATE',
      [id],
    );
    const row = rows[0];
    if (row === undefined || (row.status !== 'queued' && row.status !== 'running')) return { kind: 'ended' };
    const alive = await db.query<{ left: number }>(
      `SELECT extract(epoch FROM lease_until - clock_timestamp())::float8 AS left FROM runs
       WHERE subject_id = $1 AND state = 'running'`,
      [id],
    );
    const left = alive.rows[0]?.left ?? 0;
    if (left > 0) return { kind: 'busy', retryInSeconds: left };
    await db.query(
      `UPDATE runs SET state = 'lost', ended_at = now() WHERE subject_id = $1 AND state = 'running'`,
      [id],
    );
    const earlier = await countUnfinishedAttempts(db, id);
    if (earlier >= MAXIMUM_ATTEMPTS) {
      const error = fail('TOO_MANY_ATTEMPTS', { attempts: earlier });
      await db.query(
        `UPDATE verifications SET status = 'error', error_code = $2, reason = $3, ended_at = now() WHERE id = $1`,
        [id, error.code, error.message],
      );
      return { kind: 'ended' };
    }
    const run = await insertRun(db, { queue: 'verify', subjectId: id, source: null, worker });
    await db.query(`UPDATE verifications SET status = 'running', started_at = now() WHERE id = $1`, [id]);
    return { kind: 'started', run, backupId: row.backupId };
  });
}

/** How a verification ended. */
export type VerificationEnd =
  | Pick<Verification, 'verdict' | 'reason' | 'failedAtByte'>
  | { readonly errorCode: string; readonly reason: string };

/** Ends a verification under its run's token. @throws SafekeepError RUN_FENCED */
export async function endVerification(
  pool: pg.Pool,
  run: Run,
  id: string,
  end: VerificationEnd,
): Promise<void> {
  await inTransaction(pool, async (db) => {
    const failed = 'errorCode' in end;
    if (!(await endRun(db, run, failed ? 'failed' : 'completed', failed ? end.errorCode : null))) return;
    const status = failed ? 'error' : end.verdict === 'sound' ? 'passed' : 'failed';
    const [verdict, byte] = failed ? [null, null] : [end.verdict, end.failedAtByte];
    await db.query(
      `UPDATE verifications SET status = $2, verdict = $3, reason = $4, failed_at_byte = $5, error_code = $6,
         ended_at = now() WHERE id = $1`,
      [id, status, verdict, end.reason, byte, failed ? end.errorCode : null],
    );
  });
}

/** Ends the attempt; the verification waits for its next one. @throws SafekeepError RUN_FENCED */
export async function requeueVerification(
  pool: pg.Pool,
  run: Run,
  id: string,
  state: 'failed' | 'interrupted',
  errorCode: string,
): Promise<void> {
  await inTransaction(pool, async (db) => {
    if (!(await endRun(db, run, state, errorCode))) return;
    await db.query(`UPDATE verifications SET status = 'queued' WHERE id = $1`, [id]);
  });
}
