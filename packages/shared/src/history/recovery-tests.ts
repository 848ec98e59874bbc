import type { RecoveryTest, RecoveryTestsQuery } from '../contracts/recovery-test.js';
import { fail } from '../errors.js';
import type { Database } from './database.js';
import type { Run } from './runs.js';
import { USABLE } from './usable.js';

const COLUMNS = `
  t.id, t.backup_id AS "backupId", t.status, t.findings, t.facts, t.reason, t.rto_seconds AS "rtoSeconds",
  t.rpo_seconds AS "rpoSeconds", t.rto_target_seconds AS "rtoTargetSeconds", t.rpo_target_seconds AS "rpoTargetSeconds",
  t.requested_via AS "requestedVia", t.requested_by AS "requestedBy", t.note, t.created_at AS "createdAt",
  t.started_at AS "startedAt", t.ended_at AS "endedAt", t.error_code AS "errorCode",
  CASE WHEN t.status = 'running' THEN
    (SELECT r.progress FROM runs r WHERE r.subject_id = t.id AND r.state = 'running')
  END AS progress`;

interface NewRecoveryTest {
  readonly id: string;
  readonly backupId: string;
  readonly requestedVia: 'api' | 'cli' | 'schedule';
  readonly requestedBy: string | null;
  readonly note: string | null;
}

export async function insertRecoveryTest(db: Database, given: NewRecoveryTest): Promise<RecoveryTest> {
  const { rows } = await db.query<RecoveryTest>(
    `INSERT INTO recovery_tests AS t (id, backup_id, status, requested_via, requested_by, note)
     VALUES ($1, $2, 'queued', $3, $4, $5) RETURNING ${COLUMNS}`,
    [given.id, given.backupId, given.requestedVia, given.requestedBy, given.note],
  );
  return rows[0] as RecoveryTest;
}

export async function findRecoveryTest(db: Database, id: string): Promise<RecoveryTest | null> {
  const { rows } = await db.query<RecoveryTest>(`SELECT ${COLUMNS} FROM recovery_tests t WHERE t.id = $1`, [
    id,
  ]);
  return rows[0] ?? null;
}

/** The recovery tests of one backup, newest first. */
export async function listRecoveryTests(db: Database, backupId: string): Promise<RecoveryTest[]> {
  const { rows } = await db.query<RecoveryTest>(
    `SELECT ${COLUMNS} FROM recovery_tests t WHERE t.backup_id = $1 ORDER BY t.created_at DESC, t.id DESC`,
    [backupId],
  );
  return rows;
}

/** A recovery test of a source that a schedule has asked for and nobody has begun. */
export async function findWaitingRecoveryTest(db: Database, source: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT t.id FROM recovery_tests t JOIN backups b ON b.id = t.backup_id
     WHERE b.source = $1 AND t.status = 'queued' AND t.requested_via = 'schedule' AND t.started_at IS NULL LIMIT 1`,
    [source],
  );
  return rows[0]?.id ?? null;
}

/** One page of all recovery tests, newest first, and how many there are. */
export async function listNewestRecoveryTests(
  db: Database,
  { limit, offset }: RecoveryTestsQuery,
): Promise<{ tests: RecoveryTest[]; total: number }> {
  const { rows: tests } = await db.query<RecoveryTest>(
    `SELECT ${COLUMNS} FROM recovery_tests t ORDER BY t.created_at DESC, t.id DESC LIMIT $1 OFFSET $2`,
    [limit, offset],
  );
  const counted = await db.query<{ total: number }>('SELECT count(*) AS total FROM recovery_tests');
  return { tests, total: counted.rows[0]?.total ?? 0 };
}

export type RecoveryResult = Pick<
  RecoveryTest,
  'findings' | 'facts' | 'reason' | 'rtoSeconds' | 'rpoSeconds' | 'rtoTargetSeconds' | 'rpoTargetSeconds'
> & { readonly status: 'passed' | 'failed' };

/** Writes what a recovery test found and ends it. */
export async function writeRecoveryResult(db: Database, id: string, result: RecoveryResult): Promise<void> {
  await db.query(
    `UPDATE recovery_tests SET status = $2, findings = $3, facts = $4, reason = $5, rto_seconds = $6, rpo_seconds = $7,
       rto_target_seconds = $8, rpo_target_seconds = $9, error_code = NULL, ended_at = now() WHERE id = $1`,
    [
      id,
      result.status,
      JSON.stringify(result.findings),
      JSON.stringify(result.facts),
      result.reason,
      result.rtoSeconds,
      result.rpoSeconds,
      result.rtoTargetSeconds,
      result.rpoTargetSeconds,
    ],
  );
}

/**
 * Remembers the name of the scratch database before it is made, so that a successor can drop it.
 * @throws SafekeepError RUN_FENCED
 */
export async function recordScratch(db: Database, id: string, run: Run, name: string): Promise<void> {
  const { rowCount } = await db.query(
    `UPDATE recovery_tests SET scratch_database = $4
     WHERE id = $1 AND EXISTS (SELECT FROM runs WHERE id = $2 AND token = $3 AND state = 'running')`,
    [id, run.id, run.token, name],
  );
  if (rowCount !== 1) throw fail('RUN_FENCED');
}

/** The scratch database that an earlier attempt of this test left, `null` when none is known. */
export async function findScratch(db: Database, id: string): Promise<string | null> {
  const { rows } = await db.query<{ name: string | null }>(
    'SELECT scratch_database AS name FROM recovery_tests WHERE id = $1',
    [id],
  );
  return rows[0]?.name ?? null;
}

/** Forgets a scratch database that was dropped. */
export async function forgetScratch(db: Database, id: string, name: string): Promise<void> {
  await db.query(
    'UPDATE recovery_tests SET scratch_database = NULL WHERE id = $1 AND scratch_database = $2',
    [id, name],
  );
}

interface LeftScratch {
  readonly id: string;
  readonly source: string;
  readonly name: string;
}

/** Scratch databases that may still be there although no living run uses them. */
export async function listLeftScratch(db: Database): Promise<LeftScratch[]> {
  const { rows } = await db.query<LeftScratch>(
    `SELECT t.id, b.source, t.scratch_database AS name FROM recovery_tests t JOIN backups b ON b.id = t.backup_id
     WHERE t.scratch_database IS NOT NULL
       AND NOT EXISTS (SELECT FROM runs r WHERE r.subject_id = t.id AND r.state = 'running' AND r.lease_until > now())`,
  );
  return rows;
}

/** Whether the newest verdict about a backup is a good one. */
const passed = (id: string) => `
  coalesce((SELECT status = 'passed' FROM verifications WHERE backup_id = ${id} AND status IN ('passed', 'failed')
    ORDER BY created_at DESC, id DESC LIMIT 1), false)`;

/**
 * What a recovery test without a backup's id takes: the newest backup of a source that is verified, with the one that it builds
 * on, else the newest whose files are there.
 */
export async function findBackupToProve(
  db: Database,
  source: string,
): Promise<{ id: string; verified: boolean } | null> {
  const { rows } = await db.query<{ id: string; verified: boolean }>(
    `SELECT b.id, v.verified FROM backups b, LATERAL (
       SELECT ${passed('b.id')} AND (b.base_id IS NULL OR ${passed('b.base_id')}) AS verified
     ) v
     WHERE b.source = $1 AND ${USABLE} ORDER BY v.verified DESC, b.created_at DESC, b.id DESC LIMIT 1`,
    [source],
  );
  return rows[0] ?? null;
}
