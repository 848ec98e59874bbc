import type { Backup, HistoryQuery } from '../contracts/backup.js';
import type { SafekeepError } from '../errors.js';
import type { Database } from './database.js';

const COLUMNS = `
  b.id, b.source, b.type, b.requested_type AS "requestedType", b.promoted_reason AS "promotedReason", b.status,
  b.base_id AS "baseId", (SELECT base.status FROM backups base WHERE base.id = b.base_id) AS "baseStatus",
  b.requested_via AS "requestedVia", b.requested_by AS "requestedBy", b.attempts,
  b.created_at AS "createdAt", b.started_at AS "startedAt", b.ended_at AS "endedAt",
  b.cancel_requested_at AS "cancelRequestedAt", b.file_name AS "fileName",
  b.size_bytes AS "sizeBytes", b.archive_bytes AS "archiveBytes", b.checksum, b.key_id AS "keyId", b.compression,
  b.postgres_version AS "postgresVersion", b.pg_dump_version AS "pgDumpVersion", b.table_count AS "tableCount",
  b.row_count AS "rowCount", b.large_object_count AS "largeObjectCount",
  b.changed_tables AS "changedTables", b.changed_rows AS "changedRows", b.sequence,
  b.legal_hold AS "legalHold", b.legal_hold_reason AS "legalHoldReason", b.disposed_at AS "disposedAt",
  b.disposed_reason AS "disposedReason",
  CASE WHEN b.error_code IS NOT NULL
    THEN jsonb_build_object('code', b.error_code, 'message', b.error_message, 'hint', b.error_hint) END AS error,
  CASE WHEN b.status = 'running' THEN
    (SELECT r.progress FROM runs r WHERE r.subject_id = b.id AND r.state = 'running' ORDER BY r.token DESC LIMIT 1)
  END AS progress`;

export interface NewBackup {
  readonly id: string;
  readonly source: string;
  readonly type: 'full' | 'incremental';
  readonly requestedVia: 'api' | 'cli' | 'schedule';
  readonly requestedBy: string | null;
  readonly idempotencyKey: string | null;
}

/** Inserts a queued backup. `null` when this person used the idempotency key before, or the id is there already. */
export async function insertBackup(db: Database, backup: NewBackup): Promise<Backup | null> {
  const { rows } = await db.query<Backup>(
    `INSERT INTO backups AS b (id, source, type, requested_type, status, requested_via, requested_by, idempotency_key)
     VALUES ($1, $2, $3, $3, 'queued', $4, $5, $6)
     ON CONFLICT DO NOTHING
     RETURNING ${COLUMNS}`,
    [backup.id, backup.source, backup.type, backup.requestedVia, backup.requestedBy, backup.idempotencyKey],
  );
  return rows[0] ?? null;
}

/** A backup that a schedule has asked for and nobody has begun. */
export async function findWaitingScheduled(
  db: Database,
  source: string,
  type: NewBackup['type'],
): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM backups WHERE source = $1 AND requested_type = $2 AND status = 'queued'
       AND requested_via = 'schedule' AND attempts = 0 LIMIT 1`,
    [source, type],
  );
  return rows[0]?.id ?? null;
}

export async function findBackup(db: Database, id: string): Promise<Backup | null> {
  const { rows } = await db.query<Backup>(`SELECT ${COLUMNS} FROM backups b WHERE b.id = $1`, [id]);
  return rows[0] ?? null;
}

export async function findBackupByIdempotencyKey(
  db: Database,
  userId: string,
  key: string,
): Promise<Backup | null> {
  const { rows } = await db.query<Backup>(
    `SELECT ${COLUMNS} FROM backups b WHERE b.requested_by = $1 AND b.idempotency_key = $2`,
    [userId, key],
  );
  return rows[0] ?? null;
}

/** One page of the history, newest first, and how many backups match in all. */
export async function listBackups(
  db: Database,
  query: HistoryQuery,
): Promise<{ backups: Backup[]; total: number }> {
  const filters = { type: query.type, status: query.status, source: query.source };
  const used = Object.entries(filters).filter(([, value]) => value !== undefined);
  const where = used.map(([column], at) => `${column} = $${at + 1}`).join(' AND ') || 'true';
  const values = used.map(([, value]) => value);
  // An index finds the page's ids; rows before the page are not read.
  const page = await db.query<Backup>(
    `SELECT ${COLUMNS} FROM (
       SELECT id FROM backups WHERE ${where} ORDER BY created_at DESC, id DESC
       LIMIT $${values.length + 1} OFFSET $${values.length + 2}
     ) page JOIN backups b ON b.id = page.id ORDER BY b.created_at DESC, b.id DESC`,
    [...values, query.limit, query.offset],
  );
  const count = await db.query<{ total: number }>(
    `SELECT count(*) AS total FROM backups WHERE ${where}`,
    values,
  );
  return { backups: page.rows, total: count.rows[0]?.total ?? 0 };
}

/**
 * Ends a backup that no run holds (never queued, refused before a run began, or its run died).
 * @returns false when a run holds it after all.
 */
export async function failQueuedBackup(db: Database, id: string, error: SafekeepError): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE backups SET status = 'failed', ended_at = now(), error_code = $2, error_message = $3, error_hint = $4
     WHERE id = $1 AND status IN ('queued', 'running')
       AND NOT EXISTS (SELECT FROM runs WHERE subject_id = $1 AND state = 'running' AND lease_until > now())`,
    [id, error.code, error.message, error.hint],
  );
  return rowCount === 1;
}

/** What the next sidecar of a source must say of the one before it. */
export async function findSequenceHead(
  db: Database,
  source: string,
): Promise<{ sequence: number; hmac: string } | null> {
  const { rows } = await db.query<{ sequence: number; hmac: string }>(
    'SELECT sequence, hmac FROM backups WHERE source = $1 AND sequence IS NOT NULL ORDER BY sequence DESC LIMIT 1',
    [source],
  );
  return rows[0] ?? null;
}

/** Size in bytes of the newest finished backup of a source and type, `null` before the first. */
export async function findLastSize(db: Database, source: string, type: 'full'): Promise<number | null> {
  const { rows } = await db.query<{ size: number }>(
    `SELECT size_bytes AS size FROM backups WHERE source = $1 AND type = $2 AND status IN ('completed', 'missing')
     ORDER BY created_at DESC LIMIT 1`,
    [source, type],
  );
  return rows[0]?.size ?? null;
}

/**
 * Backups that wait for a run, or whose run died, for longer than the queue takes to see to it by itself. A row is
 * older than its job, so very young ones are left alone.
 */
export async function findAbandonedBackups(db: Database): Promise<Pick<Backup, 'id' | 'requestedType'>[]> {
  const { rows } = await db.query<Pick<Backup, 'id' | 'requestedType'>>(
    `SELECT id, requested_type AS "requestedType" FROM backups b WHERE status IN ('queued', 'running') AND created_at NOT BETWEEN now() - interval '30 seconds' AND now()
       AND NOT EXISTS (SELECT FROM runs r WHERE r.subject_id = b.id AND r.state = 'running' AND r.lease_until > now())`,
  );
  return rows;
}

/**
 * Notes that the file of a finished backup is gone, or is there again; not of one that retention has removed, nor of one
 * whose sidecar history has not seen.
 * @returns whether that is news.
 */
export async function markPresence(db: Database, id: string, present: boolean): Promise<boolean> {
  const [before, after] = present ? ['missing', 'completed'] : ['completed', 'missing'];
  const { rowCount } = await db.query(
    `UPDATE backups SET status = $3
     WHERE id = $1 AND status = $2 AND disposed_at IS NULL AND checksum IS NOT NULL`,
    [id, before, after],
  );
  return rowCount === 1;
}

/** What history recorded of a backup's sidecar when it was published. */
export async function findSidecarHmac(db: Database, id: string): Promise<string | null> {
  const { rows } = await db.query<{ hmac: string | null }>('SELECT hmac FROM backups WHERE id = $1', [id]);
  return rows[0]?.hmac ?? null;
}
