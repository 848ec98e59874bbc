import type { SourceReport } from '../contracts/report-body.js';
import type { Database } from './database.js';
import { USABLE } from './usable.js';

/** From its start, which is not in it, to its end, which is. */
export interface Span {
  readonly start: Date;
  readonly end: Date;
}

/** A backup was a success also when its file was removed later. */
const SUCCESS = `b.status IN ('completed', 'missing')`;
const SECONDS = 'extract(epoch FROM b.ended_at - b.started_at)';
const SUCCESSES = `
  count(*) FILTER (WHERE ${SUCCESS}) AS completed,
  count(*) FILTER (WHERE b.status = 'failed') AS failed,
  coalesce(sum(b.size_bytes) FILTER (WHERE ${SUCCESS}), 0)::bigint AS bytes,
  (avg(${SECONDS}) FILTER (WHERE ${SUCCESS}))::float8 AS "averageSeconds",
  (max(${SECONDS}) FILTER (WHERE ${SUCCESS}))::float8 AS "longestSeconds"`;

/** The backups of a source that ended in a span. */
export async function readRuns(db: Database, source: string, span: Span): Promise<SourceReport['period']> {
  const { rows } = await db.query<Omit<SourceReport['period'], 'successRate'>>(
    `SELECT ${SUCCESSES}, count(*) FILTER (WHERE b.status = 'cancelled') AS cancelled
     FROM backups b WHERE b.source = $1 AND b.ended_at > $2 AND b.ended_at <= $3`,
    [source, span.start, span.end],
  );
  const runs = rows[0] as (typeof rows)[0];
  const judged = runs.completed + runs.failed;
  return { ...runs, successRate: judged === 0 ? null : Math.round((runs.completed / judged) * 1000) / 10 };
}

export async function readFailures(
  db: Database,
  source: string,
  span: Span,
): Promise<SourceReport['failures']> {
  const { rows } = await db.query<SourceReport['failures'][number]>(
    `SELECT id, ended_at AS "endedAt", error_code AS code, coalesce(error_message, '') AS message FROM backups
     WHERE source = $1 AND status = 'failed' AND ended_at > $2 AND ended_at <= $3 ORDER BY ended_at DESC, id`,
    [source, span.start, span.end],
  );
  return rows;
}

/** The kept backup whose data is the newest, and that can be restored as far as history knows. */
export async function readNewestSuccess(
  db: Database,
  source: string,
  now: Date,
): Promise<SourceReport['newestSuccess']> {
  const { rows } = await db.query<NonNullable<SourceReport['newestSuccess']>>(
    `SELECT id, file_name AS "fileName", started_at AS "startedAt", ended_at AS "endedAt", size_bytes AS "sizeBytes",
       extract(epoch FROM $2::timestamptz - started_at)::float8 AS "dataAgeSeconds"
     FROM backups b WHERE source = $1 AND ${USABLE} AND started_at IS NOT NULL
     ORDER BY started_at DESC LIMIT 1`,
    [source, now],
  );
  return rows[0] ?? null;
}

/** Days in UTC, the first and the last one as `2026-11-24`. */
export async function readDays(
  db: Database,
  source: string,
  first: string,
  last: string,
): Promise<SourceReport['days']> {
  const { rows } = await db.query<SourceReport['days'][number]>(
    `WITH held AS MATERIALIZED (
       SELECT ended_at, disposed_at, size_bytes FROM backups WHERE source = $1 AND status = 'completed'
       UNION ALL
       SELECT ended_at, disposed_at, size_bytes FROM backups
       WHERE source = $1 AND disposed_at >= $2::timestamp AT TIME ZONE 'UTC'
     )
     SELECT to_char(d.day, 'YYYY-MM-DD') AS day, t.*, coalesce(measured.bytes, kept.bytes) AS "keptBytes"
     FROM (SELECT g AS day, g AT TIME ZONE 'UTC' AS start, (g + interval '1 day') AT TIME ZONE 'UTC' AS next
           FROM (SELECT $2::timestamp + n * interval '1 day' AS g
                 FROM generate_series(0, $3::timestamp::date - $2::timestamp::date) n) counted) d
     CROSS JOIN LATERAL (
       SELECT ${SUCCESSES} FROM backups b
       WHERE b.source = $1 AND b.ended_at >= d.start AND b.ended_at < d.next) t
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(h.size_bytes), 0)::bigint AS bytes FROM held h
       WHERE h.ended_at < d.next AND (h.disposed_at IS NULL OR h.disposed_at >= d.next)) kept
     LEFT JOIN LATERAL (
       SELECT s.backup_bytes AS bytes FROM storage_samples s
       WHERE s.source = $1 AND s.at >= d.start AND s.at < d.next ORDER BY s.at DESC LIMIT 1) measured ON true
     ORDER BY d.day`,
    [source, first, last],
  );
  return rows;
}

export async function readStorage(db: Database, source: string): Promise<SourceReport['storage']> {
  const { rows } = await db.query<NonNullable<SourceReport['storage']>>(
    `SELECT at, free_bytes AS "freeBytes", total_bytes AS "totalBytes", backup_bytes AS "backupBytes"
     FROM storage_samples WHERE source = $1 ORDER BY at DESC LIMIT 1`,
    [source],
  );
  return rows[0] ?? null;
}

/** Backups whose file is gone although nobody disposed of it, and files that history does not know. */
export async function readMismatches(
  db: Database,
  source: string,
): Promise<Pick<SourceReport, 'missingFiles' | 'unknownFiles'>> {
  const missing = await db.query<SourceReport['missingFiles'][number]>(
    `SELECT id AS "backupId", file_name AS "fileName" FROM backups
     WHERE source = $1 AND status = 'missing' AND disposed_at IS NULL ORDER BY created_at DESC, id`,
    [source],
  );
  const unknown = await db.query<SourceReport['unknownFiles'][number]>(
    `SELECT kind, name, first_seen_at AS "firstSeenAt" FROM storage_findings
     WHERE source = $1 AND kind IN ('unknown-file', 'strange-file') AND resolved_at IS NULL
     ORDER BY first_seen_at, name`,
    [source],
  );
  return { missingFiles: missing.rows, unknownFiles: unknown.rows };
}

export async function readLegalHolds(db: Database, source: string): Promise<SourceReport['legalHolds']> {
  const { rows } = await db.query<SourceReport['legalHolds'][number]>(
    `SELECT id AS "backupId", file_name AS "fileName", legal_hold_reason AS reason FROM backups
     WHERE source = $1 AND legal_hold ORDER BY created_at, id`,
    [source],
  );
  return rows;
}

/** Sources that still have backups, whether they are backed up today or not. */
export async function listSourcesWithBackups(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ source: string }>(
    `SELECT DISTINCT source FROM backups WHERE status = 'completed' ORDER BY source`,
  );
  return rows.map((row) => row.source);
}
