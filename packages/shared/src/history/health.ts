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
    `SELECT (SELECT max(started_at) FROM backups) AS "lastStartedAt", kept.*, recent.*
     FROM (
       SELECT max(ended_at) AS "lastSuccessAt", coalesce(sum(size_bytes), 0)::int8 AS "keptBytes"
       FROM backups WHERE status = 'completed'
     ) kept,
     (
       SELECT count(*) FILTER (WHERE status IN ('completed', 'missing')) AS succeeded,
         count(*) FILTER (WHERE status = 'failed') AS failed,
         (extract(epoch FROM avg(ended_at - started_at)
           FILTER (WHERE status IN ('completed', 'missing'))))::float8 AS "averageSeconds"
       FROM backups WHERE ended_at > now() - interval '30 days'
     ) recent`,
  );
  return rows[0] as HealthFigures;
}

/**
 * What backups prove, and what their newest verdicts and recovery tests say. Only what is kept is read as a whole. Of two
 * verdicts at the same time the bad one counts.
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
    SELECT source, newest.at AS "lastVerificationAt", passed.at AS "lastVerificationPassedAt",
      NOT EXISTS (SELECT FROM verifications v
        WHERE v.source = wanted.source AND v.ended_at = newest.at AND v.status = 'failed') AS "lastVerificationOk"
    FROM wanted
    JOIN LATERAL (
      SELECT max(v.ended_at) AS at FROM verifications v
      WHERE v.source = wanted.source AND v.status IN ('passed', 'failed')
    ) newest ON newest.at IS NOT NULL
    CROSS JOIN LATERAL (
      SELECT max(v.ended_at) AS at FROM verifications v WHERE v.source = wanted.source AND v.status = 'passed'
    ) passed
  ),
  unsound AS (
    SELECT b.source, count(*) AS "unsoundBackups"
    FROM (SELECT DISTINCT backup_id FROM verifications WHERE status = 'failed') bad JOIN backups b ON b.id = bad.backup_id
    WHERE b.status IN ('completed', 'missing') AND b.disposed_at IS NULL AND (
      SELECT v.status FROM verifications v WHERE v.backup_id = b.id AND v.status IN ('passed', 'failed')
      ORDER BY v.created_at DESC, v.id DESC LIMIT 1
    ) = 'failed'
    GROUP BY b.source
  ),
  tested AS (
    SELECT wanted.source, newest.ended_at AS "lastRecoveryTestAt", newest.status = 'passed' AS "lastRecoveryTestOk"
    FROM wanted JOIN LATERAL (
      SELECT ended_at, status FROM recovery_tests t WHERE t.source = wanted.source AND t.status IN ('passed', 'failed')
      ORDER BY t.ended_at DESC, t.id DESC LIMIT 1
    ) newest ON true
  ),
  restored AS (
    SELECT wanted.source, newest.ended_at AS "lastRecoveryTestPassedAt", newest.rto_seconds AS "lastRtoSeconds"
    FROM wanted JOIN LATERAL (
      SELECT ended_at, rto_seconds FROM recovery_tests t WHERE t.source = wanted.source AND t.status = 'passed'
      ORDER BY t.ended_at DESC, t.id DESC LIMIT 1
    ) newest ON true
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
