import type { CleanupDecision } from '../contracts/cleanup.js';
import type { ReportFacts } from '../contracts/report-body.js';
import type { Database } from './database.js';
import type { Span } from './report-backups.js';

// A source ($1) that is NULL means all of them.

const ABOUT = '($1::text IS NULL OR source IS NULL OR source = $1)';

export async function readAlerts(
  db: Database,
  source: string | null,
  period: Span,
): Promise<ReportFacts['alerts']> {
  const counts = await db.query<{ raised: number; resolved: number }>(
    `SELECT (SELECT count(*) FROM alerts WHERE raised_at > $2 AND raised_at <= $3 AND ${ABOUT}) AS raised,
       (SELECT count(*) FROM alerts WHERE resolved_at > $2 AND resolved_at <= $3 AND ${ABOUT}) AS resolved`,
    [source, period.start, period.end],
  );
  const open = await db.query<ReportFacts['alerts']['open'][number]>(
    `SELECT rule, severity, source, message, raised_at AS "raisedAt", acknowledged_at AS "acknowledgedAt" FROM alerts
     WHERE resolved_at IS NULL AND ${ABOUT}
     ORDER BY array_position(ARRAY['critical', 'warning', 'info'], severity), raised_at DESC, id`,
    [source],
  );
  return { ...(counts.rows[0] as { raised: number; resolved: number }), open: open.rows };
}

/** The newest cleanup that was to remove something, not a rehearsal. */
export async function readCleanup(db: Database, source: string | null): Promise<ReportFacts['cleanup']> {
  const { rows } = await db.query<{
    id: string;
    status: string;
    endedAt: Date;
    decisions: CleanupDecision[] | null;
  }>(
    `SELECT id, status, ended_at AS "endedAt", decisions FROM cleanup_runs
     WHERE NOT dry_run AND status IN ('completed', 'failed') AND ended_at IS NOT NULL
       AND ($1::text IS NULL OR source IS NULL OR source = $1)
     ORDER BY ended_at DESC, id DESC LIMIT 1`,
    [source],
  );
  const run = rows[0];
  if (run === undefined) return null;
  const { decisions, ...known } = run;
  return { ...known, ...countDecisions((decisions ?? []).filter(concerns(source))) };
}

const concerns = (source: string | null) => (decision: CleanupDecision) =>
  source === null || decision.source === source;

function countDecisions(decisions: readonly CleanupDecision[]) {
  const kept = decisions.filter((decision) => decision.action === 'keep' || decision.outcome === 'kept');
  const removed = decisions.filter((decision) => decision.outcome === 'removed');
  const reasons = new Map<string, number>();
  for (const { reason } of kept) {
    const likeOthers = reason.replace(/^\d+ days old/, 'N days old');
    reasons.set(likeOthers, (reasons.get(likeOthers) ?? 0) + 1);
  }
  return {
    keptCount: kept.length,
    removedCount: removed.length,
    removedBytes: removed.reduce((sum, decision) => sum + (decision.sizeBytes ?? 0), 0),
    failedCount: decisions.filter((decision) => decision.outcome === 'failed').length,
    removals: decisions
      .filter((decision) => decision.action === 'remove')
      .map(({ source, fileName, sizeBytes, reason, outcome }) => ({
        source,
        fileName,
        sizeBytes,
        reason,
        outcome: outcome ?? 'not tried',
      })),
    keptReasons: [...reasons].map(([reason, count]) => ({ reason, count })),
  };
}

/** As many disposals as a page bears; the table has all. */
const MAXIMUM_DISPOSALS = 500;

export async function readDisposals(
  db: Database,
  source: string | null,
  trend: Span,
): Promise<ReportFacts['disposals']> {
  const counts = await db.query<Omit<ReportFacts['disposals'], 'trend'>>(
    `SELECT count(*) AS count, coalesce(sum(size_bytes), 0)::bigint AS bytes,
       count(*) FILTER (WHERE files_removed_at IS NULL) AS unfinished,
       (SELECT count(*) FROM backups b WHERE b.disposed_at IS NOT NULL AND ($1::text IS NULL OR b.source = $1)
          AND NOT EXISTS (SELECT FROM disposals d WHERE d.backup_id = b.id)) AS unrecorded
     FROM disposals WHERE $1::text IS NULL OR source = $1`,
    [source],
  );
  const { rows } = await db.query<ReportFacts['disposals']['trend'][number]>(
    `SELECT backup_id AS "backupId", source, file_name AS "fileName", size_bytes AS "sizeBytes", checksum,
       disposed_at AS "disposedAt", reason
     FROM disposals WHERE disposed_at > $2 AND disposed_at <= $3 AND ($1::text IS NULL OR source = $1)
     ORDER BY disposed_at DESC, id DESC LIMIT ${MAXIMUM_DISPOSALS}`,
    [source, trend.start, trend.end],
  );
  return { ...(counts.rows[0] as (typeof counts.rows)[0]), trend: rows };
}

export async function readPeople(db: Database): Promise<ReportFacts['people']> {
  const { rows } = await db.query<ReportFacts['people'][number]>(
    `SELECT role, count(*) FILTER (WHERE NOT disabled) AS enabled, count(*) FILTER (WHERE disabled) AS disabled
     FROM users GROUP BY role ORDER BY array_position(ARRAY['admin', 'operator', 'auditor', 'viewer'], role)`,
  );
  return rows;
}

export async function readRestores(
  db: Database,
  source: string | null,
  trend: Span,
): Promise<ReportFacts['restores']> {
  const { rows } = await db.query<ReportFacts['restores']>(
    `SELECT count(*) FILTER (WHERE r.status = 'completed') AS completed,
       count(*) FILTER (WHERE r.status = 'failed') AS failed
     FROM restores r JOIN backups b ON b.id = r.backup_id
     WHERE r.ended_at > $2 AND r.ended_at <= $3 AND ($1::text IS NULL OR b.source = $1)`,
    [source, trend.start, trend.end],
  );
  return rows[0] as ReportFacts['restores'];
}

export async function readNewestEmergency(db: Database, source: string | null): Promise<Date | null> {
  const { rows } = await db.query<{ at: Date | null }>(
    `SELECT max(ended_at) AS at FROM backups
     WHERE type = 'emergency' AND status IN ('completed', 'missing') AND ($1::text IS NULL OR source = $1)`,
    [source],
  );
  return rows[0]?.at ?? null;
}

export async function countReports(db: Database): Promise<ReportFacts['reports']> {
  const { rows } = await db.query<ReportFacts['reports']>(
    `SELECT count(*) AS count, min(ended_at) AS "firstAt" FROM reports WHERE status = 'completed'`,
  );
  return rows[0] as ReportFacts['reports'];
}
