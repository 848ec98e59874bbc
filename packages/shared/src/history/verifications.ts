import type { Verification } from '../contracts/verification.js';
import type { Database } from './database.js';

/** The verifications of one backup, newest first. */
export async function listVerifications(db: Database, backupId: string): Promise<Verification[]> {
  const { rows } = await db.query<Verification>(
    `SELECT id, backup_id AS "backupId", status, verdict, failed_at_byte AS "failedAtByte",
       requested_by AS "requestedBy", note, created_at AS "createdAt", started_at AS "startedAt",
       ended_at AS "endedAt", error_code AS "errorCode"
     FROM verifications WHERE backup_id = $1 ORDER BY created_at DESC, id DESC`,
    [backupId],
  );
  return rows;
}
