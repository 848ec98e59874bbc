import type { CleanupDecision, CleanupRun } from '../contracts/cleanup.js';
import type { Database } from './database.js';

const COLUMNS = `
  id, status, dry_run AS "dryRun", source, decisions, reason, requested_via AS "requestedVia",
  requested_by AS "requestedBy", created_at AS "createdAt", started_at AS "startedAt", ended_at AS "endedAt",
  error_code AS "errorCode"`;

interface NewCleanupRun {
  readonly id: string;
  readonly dryRun: boolean;
  readonly source: string | null;
  readonly requestedVia: CleanupRun['requestedVia'];
  readonly requestedBy: string | null;
}

export async function insertCleanupRun(db: Database, given: NewCleanupRun): Promise<CleanupRun> {
  const { rows } = await db.query<CleanupRun>(
    `INSERT INTO cleanup_runs (id, status, dry_run, source, requested_via, requested_by)
     VALUES ($1, 'queued', $2, $3, $4, $5) RETURNING ${COLUMNS}`,
    [given.id, given.dryRun, given.source, given.requestedVia, given.requestedBy],
  );
  return rows[0] as CleanupRun;
}

export async function findCleanupRun(db: Database, id: string): Promise<CleanupRun | null> {
  const { rows } = await db.query<CleanupRun>(`SELECT ${COLUMNS} FROM cleanup_runs WHERE id = $1`, [id]);
  return rows[0] ?? null;
}

/** Newest first. */
export async function listCleanupRuns(db: Database, limit: number): Promise<CleanupRun[]> {
  const { rows } = await db.query<CleanupRun>(
    `SELECT ${COLUMNS} FROM cleanup_runs ORDER BY created_at DESC, id DESC LIMIT $1`,
    [limit],
  );
  return rows;
}

/** Ends a cleanup that went through all backups; where a removal failed the whole is a failure. */
export async function writeDecisions(
  db: Database,
  id: string,
  decisions: readonly CleanupDecision[],
  failure: { readonly code: string; readonly message: string } | null,
): Promise<void> {
  await db.query(
    `UPDATE cleanup_runs SET status = $2, decisions = $3, error_code = $4, reason = $5, ended_at = now() WHERE id = $1`,
    [
      id,
      failure === null ? 'completed' : 'failed',
      JSON.stringify(decisions),
      failure?.code ?? null,
      failure?.message ?? null,
    ],
  );
}
