import type { Database } from './database.js';
import { newestVerdict } from './retained-backups.js';
import type { Run } from './runs.js';

/** A finished backup of all of a source, that an incremental might build on. */
export interface BaseCandidate {
  readonly id: string;
  readonly fileName: string;
  /** Of its sidecar, as it was recorded. */
  readonly recordedHmac: string | null;
  /** What was found out about it: `a verification` or `a recovery test` that failed; `null` where nothing speaks against it. */
  readonly failed: 'verification' | 'recovery test' | null;
}

/** How many are looked at; where the newest ones are all unusable a full backup is what is needed. */
const LOOKED_AT = 5;

/** The newest whose files should be there, the newest first. An emergency backup may have no number. */
export async function listBaseCandidates(db: Database, source: string): Promise<BaseCandidate[]> {
  const { rows } = await db.query<BaseCandidate>(
    `SELECT b.id, b.file_name AS "fileName", b.hmac AS "recordedHmac",
       CASE 'failed' WHEN ${newestVerdict('verifications')} THEN 'verification'
         WHEN ${newestVerdict('recovery_tests')} THEN 'recovery test' END AS failed
     FROM backups b
     WHERE b.source = $1 AND b.type IN ('full', 'emergency') AND b.status = 'completed' AND b.disposed_at IS NULL
     ORDER BY b.started_at DESC, b.sequence DESC NULLS LAST LIMIT ${LOOKED_AT}`,
    [source],
  );
  return rows;
}

/**
 * Makes a running backup an incremental of this base, which keeps retention from removing it. Retention locks the row that
 * it removes, so either it sees this, or this sees that the base is gone.
 *
 * @returns false when the base is gone, or the run holds its place no more
 */
export async function holdBase(db: Database, run: Run, backupId: string, baseId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `WITH base AS (SELECT id FROM backups WHERE id = $2 AND status = 'completed' AND disposed_at IS NULL FOR SHARE)
     UPDATE backups SET type = 'incremental', base_id = base.id, promoted_reason = NULL FROM base
     WHERE backups.id = $1 AND EXISTS (SELECT FROM runs WHERE id = $3 AND token = $4 AND state = 'running')`,
    [backupId, baseId, run.id, run.token],
  );
  return rowCount === 1;
}
