import type { RecoveryTestLine, SourceReport } from '../contracts/report-body.js';
import type { Database } from './database.js';
import type { Span } from './report-backups.js';

/** Each kept backup of a source ($1) with its newest verdict; a verification that could not look says nothing. */
const KEPT = `
  SELECT b.id, b.file_name, b.size_bytes, b.key_id, b.ended_at, v.status AS judged, v.verdict, v.reason,
    v.ended_at AS judged_at
  FROM backups b LEFT JOIN LATERAL (
    SELECT * FROM verifications v WHERE v.backup_id = b.id AND v.status IN ('passed', 'failed')
    ORDER BY v.created_at DESC, v.id DESC LIMIT 1) v ON true
  WHERE b.source = $1 AND b.status = 'completed'`;

export async function readKept(db: Database, source: string, now: Date): Promise<SourceReport['kept']> {
  const { rows } = await db.query<Omit<SourceReport['kept'], 'keys'>>(
    `WITH kept AS (${KEPT})
     SELECT count(*) AS count, coalesce(sum(size_bytes), 0)::bigint AS bytes, min(ended_at) AS "oldestAt",
       count(*) FILTER (WHERE judged = 'passed') AS sound, count(*) FILTER (WHERE judged = 'failed') AS damaged,
       count(*) FILTER (WHERE judged IS NULL) AS "neverVerified",
       count(*) FILTER (WHERE judged IS NULL AND ended_at < $2::timestamptz - interval '36 hours') AS "neverVerifiedOld"
     FROM kept`,
    [source, now],
  );
  const keys = await db.query<SourceReport['kept']['keys'][number]>(
    `SELECT key_id AS "keyId", count(*) AS count FROM backups
     WHERE source = $1 AND status = 'completed' AND key_id IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1`,
    [source],
  );
  return { ...(rows[0] as (typeof rows)[0]), keys: keys.rows };
}

export async function readDamaged(db: Database, source: string): Promise<SourceReport['damaged']> {
  const { rows } = await db.query<SourceReport['damaged'][number]>(
    `WITH kept AS (${KEPT})
     SELECT id AS "backupId", file_name AS "fileName", verdict, reason, coalesce(judged_at, ended_at) AS "endedAt"
     FROM kept WHERE judged = 'failed' ORDER BY judged_at DESC, id`,
    [source],
  );
  return rows;
}

export async function readVerifications(
  db: Database,
  source: string,
  spans: { readonly period: Span; readonly trend: Span },
): Promise<SourceReport['verifications']> {
  const newest = await db.query<{ at: Date | null }>(
    `SELECT max(ended_at) AS at FROM verifications WHERE source = $1 AND status IN ('passed', 'failed')`,
    [source],
  );
  return {
    period: await readVerdicts(db, 'verifications', source, spans.period),
    trend: await readVerdicts(db, 'verifications', source, spans.trend),
    newestAt: newest.rows[0]?.at ?? null,
  };
}

async function readVerdicts(
  db: Database,
  table: 'verifications' | 'recovery_tests',
  source: string,
  span: Span,
): Promise<SourceReport['verifications']['period']> {
  const { rows } = await db.query<SourceReport['verifications']['period']>(
    `SELECT count(*) FILTER (WHERE t.status = 'passed') AS passed, count(*) FILTER (WHERE t.status = 'failed') AS failed,
       count(*) FILTER (WHERE t.status = 'error') AS error
     FROM ${table} t WHERE t.source = $1 AND t.ended_at > $2 AND t.ended_at <= $3`,
    [source, span.start, span.end],
  );
  return rows[0] as (typeof rows)[0];
}

const TESTS = `
  SELECT t.id, t.backup_id AS "backupId", b.file_name AS "fileName", t.status, t.ended_at AS "endedAt",
    CASE WHEN jsonb_typeof(t.findings) = 'array' THEN jsonb_array_length(t.findings) ELSE 0 END AS findings,
    t.rto_seconds AS "rtoSeconds", t.rpo_seconds AS "rpoSeconds", t.rto_target_seconds AS "rtoTargetSeconds",
    t.rpo_target_seconds AS "rpoTargetSeconds", t.reason,
    coalesce(t.facts -> 'criticalTables', '[]') AS "criticalTables"
  FROM recovery_tests t JOIN backups b ON b.id = t.backup_id
  WHERE t.source = $1 AND t.ended_at IS NOT NULL AND t.status IN ('passed', 'failed', 'error')`;

export async function readRecoveryTests(
  db: Database,
  source: string,
  trend: Span,
): Promise<SourceReport['recoveryTests']> {
  const newest = (where: string) =>
    db.query<RecoveryTestLine>(`${TESTS} AND ${where} ORDER BY t.ended_at DESC, t.id DESC LIMIT 1`, [source]);
  const history = await db.query<RecoveryTestLine>(
    `${TESTS} AND t.ended_at > $2 AND t.ended_at <= $3 ORDER BY t.ended_at, t.id`,
    [source, trend.start, trend.end],
  );
  return {
    trend: await readVerdicts(db, 'recovery_tests', source, trend),
    newest: (await newest('true')).rows[0] ?? null,
    newestPassed: (await newest(`t.status = 'passed'`)).rows[0] ?? null,
    history: history.rows,
  };
}
