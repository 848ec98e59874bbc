import type { Severity } from '../contracts/monitoring.js';
import type { SourceProof } from '../policy/health.js';
import type { Database } from './database.js';

/** All sources together. Rates and durations are of the last 30 days. */
export interface HealthFigures {
  readonly lastStartedAt: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly succeeded: number;
  readonly failed: number;
  /** Of the successful ones, in seconds. */
  readonly averageSeconds: number | null;
  /** Of the backup files that are kept. */
  readonly keptBytes: number;
}

export async function readHealthFigures(db: Database): Promise<HealthFigures> {
  const { rows } = await db.query<HealthFigures>(
    `SELECT max(started_at) AS "lastStartedAt",
       max(ended_at) FILTER (WHERE status = 'completed') AS "lastSuccessAt",
       count(*) FILTER (WHERE recent AND status IN ('completed', 'missing')) AS succeeded,
       count(*) FILTER (WHERE recent AND status = 'failed') AS failed,
       (extract(epoch FROM avg(ended_at - started_at)
         FILTER (WHERE recent AND status IN ('completed', 'missing'))))::float8 AS "averageSeconds",
       coalesce(sum(size_bytes) FILTER (WHERE status = 'completed'), 0)::int8 AS "keptBytes"
     FROM (SELECT *, ended_at > now() - interval '30 days' AS recent FROM backups) b`,
  );
  return rows[0] as HealthFigures;
}

/** One row for each source that is asked for, also for those that history does not know. */
export async function readSourceProofs(db: Database, sources: readonly string[]): Promise<SourceProof[]> {
  const { rows } = await db.query<SourceProof>(
    `SELECT wanted.source, b."firstSuccessAt", b."lastSuccessAt", b."newestDataAt", b."lastBackupOk",
       v."lastVerificationAt", v."lastVerificationOk", v."lastVerificationPassedAt", u."unsoundBackups",
       t."lastRecoveryTestAt", t."lastRecoveryTestOk", t."lastRecoveryTestPassedAt", t."lastRtoSeconds"
     FROM unnest($1::text[]) AS wanted (source)
     CROSS JOIN LATERAL (
       SELECT min(ended_at) FILTER (WHERE status = 'completed') AS "firstSuccessAt",
         max(ended_at) FILTER (WHERE status = 'completed') AS "lastSuccessAt",
         max(started_at) FILTER (WHERE status = 'completed') AS "newestDataAt",
         (array_agg(status <> 'failed' ORDER BY ended_at DESC, id DESC)
           FILTER (WHERE ended_at IS NOT NULL AND status IN ('completed', 'missing', 'failed')))[1] AS "lastBackupOk"
       FROM backups WHERE backups.source = wanted.source
     ) b
     CROSS JOIN LATERAL (
       SELECT max(v.ended_at) AS "lastVerificationAt",
         (array_agg(v.status = 'passed' ORDER BY v.ended_at DESC, v.id DESC))[1] AS "lastVerificationOk",
         max(v.ended_at) FILTER (WHERE v.status = 'passed') AS "lastVerificationPassedAt"
       FROM verifications v JOIN backups ON backups.id = v.backup_id
       WHERE backups.source = wanted.source AND v.status IN ('passed', 'failed')
     ) v
     CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE newest.status = 'failed') AS "unsoundBackups"
       FROM backups
       CROSS JOIN LATERAL (
         SELECT status FROM verifications v WHERE v.backup_id = backups.id AND v.status IN ('passed', 'failed')
         ORDER BY v.created_at DESC, v.id DESC LIMIT 1
       ) newest
       WHERE backups.source = wanted.source AND backups.status IN ('completed', 'missing')
         AND backups.disposed_at IS NULL
     ) u
     CROSS JOIN LATERAL (
       SELECT max(t.ended_at) AS "lastRecoveryTestAt",
         (array_agg(t.status = 'passed' ORDER BY t.ended_at DESC, t.id DESC))[1] AS "lastRecoveryTestOk",
         max(t.ended_at) FILTER (WHERE t.status = 'passed') AS "lastRecoveryTestPassedAt",
         (array_agg(t.rto_seconds ORDER BY t.ended_at DESC, t.id DESC)
           FILTER (WHERE t.status = 'passed'))[1] AS "lastRtoSeconds"
       FROM recovery_tests t JOIN backups ON backups.id = t.backup_id
       WHERE backups.source = wanted.source AND t.status IN ('passed', 'failed')
     ) t
     ORDER BY wanted.source`,
    [sources],
  );
  return rows;
}

export interface OpenAlert {
  readonly severity: Severity;
  readonly rule: string;
  readonly source: string | null;
  readonly message: string;
  readonly raisedAt: Date;
}

/** The worst ones first, then the newest. */
export async function listOpenAlerts(db: Database): Promise<OpenAlert[]> {
  const { rows } = await db.query<OpenAlert>(
    `SELECT severity, rule, source, message, raised_at AS "raisedAt" FROM alerts WHERE resolved_at IS NULL
     ORDER BY array_position(ARRAY['critical', 'warning', 'info'], severity), raised_at DESC, id DESC`,
  );
  return rows;
}

export async function countOpenAlerts(db: Database): Promise<Record<Severity, number>> {
  const { rows } = await db.query<Record<Severity, number>>(
    `SELECT count(*) FILTER (WHERE severity = 'info') AS info,
       count(*) FILTER (WHERE severity = 'warning') AS warning,
       count(*) FILTER (WHERE severity = 'critical') AS critical
     FROM alerts WHERE resolved_at IS NULL`,
  );
  return rows[0] as Record<Severity, number>;
}
