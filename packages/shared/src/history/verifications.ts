import type { Verification, VerificationStatus } from '../contracts/verification.js';
import type { Database } from './database.js';

const COLUMNS = `
  v.id, v.backup_id AS "backupId", v.status, v.verdict, v.reason, v.failed_at_byte AS "failedAtByte",
  v.requested_via AS "requestedVia", v.requested_by AS "requestedBy", v.note, v.created_at AS "createdAt",
  v.started_at AS "startedAt", v.ended_at AS "endedAt", v.error_code AS "errorCode",
  CASE WHEN v.status = 'running' THEN
    (SELECT r.progress FROM runs r WHERE r.subject_id = v.id AND r.state = 'running')
  END AS progress`;

interface NewVerification {
  readonly id: string;
  readonly backupId: string;
  readonly requestedVia: 'api' | 'cli' | 'schedule';
  readonly requestedBy: string | null;
  readonly note: string | null;
}

export async function insertVerification(db: Database, given: NewVerification): Promise<Verification> {
  const { rows } = await db.query<Verification>(
    `INSERT INTO verifications AS v (id, backup_id, status, requested_via, requested_by, note)
     VALUES ($1, $2, 'queued', $3, $4, $5) RETURNING ${COLUMNS}`,
    [given.id, given.backupId, given.requestedVia, given.requestedBy, given.note],
  );
  return rows[0] as Verification;
}

export async function findVerification(db: Database, id: string): Promise<Verification | null> {
  const { rows } = await db.query<Verification>(`SELECT ${COLUMNS} FROM verifications v WHERE v.id = $1`, [
    id,
  ]);
  return rows[0] ?? null;
}

/** Writes what a verification found and ends it. */
export async function writeFinding(
  db: Database,
  id: string,
  found: Pick<Verification, 'verdict' | 'reason' | 'failedAtByte'>,
): Promise<void> {
  await db.query(
    `UPDATE verifications SET status = $2, verdict = $3, reason = $4, failed_at_byte = $5, error_code = NULL,
       ended_at = now() WHERE id = $1`,
    [id, found.verdict === 'sound' ? 'passed' : 'failed', found.verdict, found.reason, found.failedAtByte],
  );
}

/** The verifications of one backup, newest first. */
export async function listVerifications(db: Database, backupId: string): Promise<Verification[]> {
  const { rows } = await db.query<Verification>(
    `SELECT ${COLUMNS} FROM verifications v WHERE v.backup_id = $1 ORDER BY v.created_at DESC, v.id DESC`,
    [backupId],
  );
  return rows;
}

/** SQL: no verification of the backup `b` is so. Looked up for each backup: few are kept, and all verifications are many. */
const without = (how: string) =>
  `(SELECT v.id FROM verifications v WHERE v.backup_id = b.id AND ${how} LIMIT 1) IS NULL`;

/** The finished backups of a source that no verification has passed or failed yet, oldest first. */
export async function listUnverified(db: Database, source: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT b.id FROM backups b WHERE b.source = $1 AND b.status = 'completed'
       AND ${without("v.status IN ('passed', 'failed')")}
     ORDER BY b.created_at, b.id`,
    [source],
  );
  return rows.map((row) => row.id);
}

/** Queues the verification of every backup that `listUnverified` tells and that does not wait for one yet. */
export async function insertScheduledVerifications(
  db: Database,
  source: string,
): Promise<Pick<Verification, 'id' | 'backupId'>[]> {
  const { rows } = await db.query<Pick<Verification, 'id' | 'backupId'>>(
    `INSERT INTO verifications (id, backup_id, status, requested_via)
     SELECT gen_random_uuid(), b.id, 'queued', 'schedule' FROM backups b
     WHERE b.source = $1 AND b.status = 'completed'
       AND ${without("v.status <> 'error'")}
     ORDER BY b.created_at, b.id
     RETURNING id, backup_id AS "backupId"`,
    [source],
  );
  return rows;
}

/**
 * Queues the verification of every backup that history took in from its sidecar and that nobody has asked to be verified:
 * nobody knows what became of its file meanwhile. Needs a transaction; of several that try at once one does it.
 */
export async function insertAdoptedVerifications(
  db: Database,
  source: string,
): Promise<Pick<Verification, 'id' | 'backupId'>[]> {
  // Any fixed number; released with the transaction.
  await db.query('SELECT pg_advisory_xact_lock(7305012, hashtext($1))', [source]);
  const { rows } = await db.query<Pick<Verification, 'id' | 'backupId'>>(
    `INSERT INTO verifications (id, backup_id, status, requested_via)
     SELECT gen_random_uuid(), b.id, 'queued', 'schedule' FROM backups b
     WHERE b.source = $1 AND b.status = 'completed' AND b.adopted_at IS NOT NULL AND b.disposed_at IS NULL
       AND NOT EXISTS (SELECT FROM verifications v WHERE v.backup_id = b.id)
     ORDER BY b.created_at, b.id
     RETURNING id, backup_id AS "backupId"`,
    [source],
  );
  return rows;
}

/** What should be there. */
const KEPT = `b.status IN ('completed', 'missing') AND b.disposed_at IS NULL`;

/** Every backup that is kept (or is missing), newest first, with its newest verification. */
export async function listNewestVerifications(db: Database): Promise<VerificationStatus['backups']> {
  const { rows } = await db.query<VerificationStatus['backups'][number]>(
    `SELECT b.id AS "backupId", b.source, b.type, b.status, b.file_name AS "fileName", b.ended_at AS "endedAt",
       NULL AS verification
     FROM backups b WHERE ${KEPT} ORDER BY b.created_at DESC, b.id DESC`,
  );
  const newest = await db.query<Verification>(
    `SELECT ${COLUMNS} FROM backups b CROSS JOIN LATERAL (
       SELECT * FROM verifications WHERE backup_id = b.id ORDER BY created_at DESC, id DESC LIMIT 1
     ) v WHERE ${KEPT}`,
  );
  const byBackup = new Map(newest.rows.map((row) => [row.backupId, row]));
  return rows.map((row) => ({ ...row, verification: byBackup.get(row.backupId) ?? null }));
}
