import type { Finding } from '../contracts/finding.js';
import type { Restore, RestoreFacts } from '../contracts/restore.js';
import type { Database } from './database.js';
import { USABLE } from './usable.js';

const COLUMNS = `
  r.id, r.backup_id AS "backupId", (SELECT b.source FROM backups b WHERE b.id = r.backup_id) AS source, r.status,
  r.target_database AS "targetDatabase", r.tables, r.with_roles AS "withRoles", r.with_grants AS "withGrants",
  r.findings, r.facts, r.reason, r.requested_via AS "requestedVia", r.requested_by AS "requestedBy",
  r.created_at AS "createdAt", r.started_at AS "startedAt", r.ended_at AS "endedAt", r.error_code AS "errorCode",
  CASE WHEN r.status = 'running' THEN
    (SELECT u.progress FROM runs u WHERE u.subject_id = r.id AND u.state = 'running')
  END AS progress`;

interface NewRestore {
  readonly id: string;
  readonly backupId: string;
  readonly targetDatabase: string;
  readonly tables: readonly string[] | null;
  readonly withRoles: boolean;
  readonly withGrants: boolean;
  readonly requestedVia: 'api' | 'cli';
  readonly requestedBy: string | null;
}

/** @returns `null` when an unfinished restore goes to a database of that name already. */
export async function insertRestore(db: Database, given: NewRestore): Promise<Restore | null> {
  const { rows } = await db.query<Restore>(
    `INSERT INTO restores AS r
       (id, backup_id, status, target_database, tables, with_roles, with_grants, requested_via, requested_by)
     VALUES ($1, $2, 'queued', $3, $4, $5, $6, $7, $8)
     ON CONFLICT (target_database) WHERE status IN ('queued', 'running') DO NOTHING
     RETURNING ${COLUMNS}`,
    [
      given.id,
      given.backupId,
      given.targetDatabase,
      given.tables === null ? null : JSON.stringify(given.tables),
      given.withRoles,
      given.withGrants,
      given.requestedVia,
      given.requestedBy,
    ],
  );
  return rows[0] ?? null;
}

export async function findRestore(db: Database, id: string): Promise<Restore | null> {
  const { rows } = await db.query<Restore>(`SELECT ${COLUMNS} FROM restores r WHERE r.id = $1`, [id]);
  return rows[0] ?? null;
}

/** The restores of all sources, newest first. */
export async function listRestores(db: Database, limit: number): Promise<Restore[]> {
  const { rows } = await db.query<Restore>(
    `SELECT ${COLUMNS} FROM restores r ORDER BY r.created_at DESC, r.id DESC LIMIT $1`,
    [limit],
  );
  return rows;
}

/** How a restore that came to its end was judged. */
export interface RestoreResult {
  readonly facts: RestoreFacts;
  readonly findings: readonly Finding[];
  /** What is wrong with the copy; `null` when nothing is. */
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/** Writes what a restore did and found, and ends it. */
export async function writeRestoreResult(db: Database, id: string, result: RestoreResult): Promise<void> {
  const { facts, findings, failure } = result;
  await db.query(
    `UPDATE restores SET status = $2, facts = $3, findings = $4, error_code = $5, reason = $6, ended_at = now()
     WHERE id = $1`,
    [
      id,
      failure === null ? 'completed' : 'failed',
      JSON.stringify(facts),
      JSON.stringify(findings),
      failure?.code ?? null,
      failure?.message ?? null,
    ],
  );
}

/** The newest backup of a source that can be restored. */
export async function findNewestRestorable(db: Database, source: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM backups b WHERE source = $1 AND ${USABLE} ORDER BY started_at DESC, id DESC LIMIT 1`,
    [source],
  );
  return rows[0]?.id ?? null;
}
