import type { RecoveryTest } from '../contracts/recovery-test.js';
import type { Database } from './database.js';

/** The recovery tests of one backup, newest first. */
export async function listRecoveryTests(db: Database, backupId: string): Promise<RecoveryTest[]> {
  const { rows } = await db.query<RecoveryTest>(
    `SELECT id, backup_id AS "backupId", status, findings, rto_seconds AS "rtoSeconds", rpo_seconds AS "rpoSeconds",
       requested_by AS "requestedBy", note, created_at AS "createdAt", started_at AS "startedAt",
       ended_at AS "endedAt", error_code AS "errorCode"
     FROM recovery_tests WHERE backup_id = $1 ORDER BY created_at DESC, id DESC`,
    [backupId],
  );
  return rows;
}
