import type { SourceProof } from '../policy/health.js';
import type { Database } from './database.js';
import { USABLE } from './usable.js';

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

/**
 * What backups prove, and what their newest verdicts and recovery tests say. Each table is read once at most, whatever
 * the number of sources. Of two verdicts at the same time the bad one counts.
 */
const PROOFS = `
  taken AS (
    SELECT source, min(ended_at) AS "firstSuccessAt", max(ended_at) AS "lastSuccessAt", max(started_at) AS "newestDataAt"
    FROM backups b WHERE ${USABLE} GROUP BY source
  ),
  ended AS (
    SELECT wanted.source, newest.status <> 'failed' AS "lastBackupOk"
    FROM wanted JOIN LATERAL (
      SELECT status FROM backups b
      WHERE b.source = wanted.source AND b.ended_at IS NOT NULL AND b.status IN ('completed', 'missing', 'failed')
      ORDER BY b.ended_at DESC, b.id DESC LIMIT 1
    ) newest ON true
  ),
  verified AS (
    SELECT b.source, max(v.ended_at) AS "lastVerificationAt",
      max(v.ended_at) FILTER (WHERE v.status = 'passed') AS "lastVerificationPassedAt",
      max(v.ended_at) IS DISTINCT FROM max(v.ended_at) FILTER (WHERE v.status = 'failed') AS "lastVerificationOk"
    FROM verifications v JOIN backups b ON b.id = v.backup_id
    WHERE v.status IN ('passed', 'failed') GROUP BY b.source
  ),
  unsound AS (
    SELECT b.source, count(*) AS "unsoundBackups" FROM backups b
    WHERE b.status IN ('completed', 'missing') AND b.disposed_at IS NULL AND (
      SELECT v.status FROM verifications v WHERE v.backup_id = b.id AND v.status IN ('passed', 'failed')
      ORDER BY v.created_at DESC, v.id DESC LIMIT 1
    ) = 'failed'
    GROUP BY b.source
  ),
  tested AS (
    SELECT DISTINCT ON (b.source) b.source, t.ended_at AS "lastRecoveryTestAt", t.status = 'passed' AS "lastRecoveryTestOk"
    FROM recovery_tests t JOIN backups b ON b.id = t.backup_id
    WHERE t.status IN ('passed', 'failed') ORDER BY b.source, t.ended_at DESC, t.id DESC
  ),
  restored AS (
    SELECT DISTINCT ON (b.source) b.source, t.ended_at AS "lastRecoveryTestPassedAt", t.rto_seconds AS "lastRtoSeconds"
    FROM recovery_tests t JOIN backups b ON b.id = t.backup_id
    WHERE t.status = 'passed' ORDER BY b.source, t.ended_at DESC, t.id DESC
  )`;

/** One row for each source that is asked for, also for those that history does not know. */
export async function readSourceProofs(db: Database, sources: readonly string[]): Promise<SourceProof[]> {
  const { rows } = await db.query<SourceProof>(
    `WITH wanted AS (SELECT source FROM unnest($1::text[]) AS given (source)), ${PROOFS}
     SELECT source, "firstSuccessAt", "lastSuccessAt", "newestDataAt", "lastBackupOk", "lastVerificationAt",
       "lastVerificationOk", "lastVerificationPassedAt", coalesce("unsoundBackups", 0) AS "unsoundBackups",
       "lastRecoveryTestAt", "lastRecoveryTestOk", "lastRecoveryTestPassedAt", "lastRtoSeconds"
     FROM wanted
     LEFT JOIN taken USING (source) LEFT JOIN ended USING (source) LEFT JOIN verified USING (source)
     LEFT JOIN unsound USING (source) LEFT JOIN tested USING (source) LEFT JOIN restored USING (source)
     ORDER BY source`,
    [sources],
  );
  return rows;
}
