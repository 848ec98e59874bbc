import type { Database } from './database.js';

/** How many rows of a kind stand in history; `type` only where there is one. */
export interface Tally {
  readonly source: string;
  readonly type: string;
  readonly status: string;
  readonly count: number;
}

/**
 * What retention removed counts as `disposed`, so that `missing` is what should be there. Only missing backups are ever
 * disposed of, and few are missing otherwise: these are counted and taken away, so that no row need be read.
 */
export async function tallyBackups(db: Database): Promise<Tally[]> {
  const { rows } = await db.query<Tally>(
    `WITH counted AS (SELECT source, type, status, count(*) AS count FROM backups GROUP BY source, type, status),
     lost AS (
       SELECT source, type, count(*) AS count FROM backups WHERE status = 'missing' AND disposed_at IS NULL
       GROUP BY source, type
     )
     SELECT * FROM counted WHERE status <> 'missing'
     UNION ALL SELECT source, type, 'missing', count FROM lost
     UNION ALL SELECT source, type, 'disposed', c.count - coalesce(l.count, 0)
       FROM counted c LEFT JOIN lost l USING (source, type)
       WHERE c.status = 'missing' AND c.count > coalesce(l.count, 0)
     ORDER BY 1, 2, 3`,
  );
  return rows;
}

/** By source and status; `type` is that of the backup. */
export async function tallyChecks(db: Database, table: 'verifications' | 'recovery_tests'): Promise<Tally[]> {
  const { rows } = await db.query<Tally>(
    `SELECT source, backup_type AS type, status, count(*) AS count FROM ${table}
     GROUP BY source, backup_type, status ORDER BY 1, 2, 3`,
  );
  return rows;
}

/** Upper bounds of the histogram of durations, in seconds: ten seconds to a day. */
export const DURATION_BUCKETS = [
  10, 30, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400,
] as const;

/** The successful backups of one source and type. Each only ever grows, as Prometheus' counters must. */
export interface BackupTotals {
  readonly source: string;
  readonly type: string;
  readonly count: number;
  readonly seconds: number;
  /** How many took at most as long as each of DURATION_BUCKETS says. */
  readonly withinBuckets: readonly number[];
  /** Bytes of the backup files that were written. */
  readonly bytesWritten: number;
  /** Bytes of those that are kept. */
  readonly keptBytes: number;
}

/**
 * Counted in history, not in a process: all replicas of the API tell the same, also after a restart. Each backup is put into
 * its bucket first, as there are few of these to add up.
 */
export async function totalBackups(db: Database): Promise<BackupTotals[]> {
  // A duration belongs to the bucket whose bound it does not exceed; times are kept to the microsecond.
  const bounds = DURATION_BUCKETS.map((seconds) => `'${seconds}.000001 seconds'`);
  const within = DURATION_BUCKETS.map(
    (_seconds, at) => `coalesce(sum(backups) FILTER (WHERE bucket <= ${at}), 0)::int4`,
  );
  const { rows } = await db.query<BackupTotals>(
    `WITH bucketed AS (
       SELECT source, type, status, width_bucket(ended_at - started_at, ARRAY[${bounds.join(', ')}]::interval[]) AS bucket,
         count(*) AS backups, sum(ended_at - started_at) AS took, sum(size_bytes) AS bytes
       FROM backups WHERE status IN ('completed', 'missing') GROUP BY 1, 2, 3, 4
     )
     SELECT source, type, sum(backups)::int8 AS count, coalesce(extract(epoch FROM sum(took)), 0)::float8 AS seconds,
       ARRAY[${within.join(', ')}] AS "withinBuckets", coalesce(sum(bytes), 0)::int8 AS "bytesWritten",
       coalesce(sum(bytes) FILTER (WHERE status = 'completed'), 0)::int8 AS "keptBytes"
     FROM bucketed GROUP BY source, type ORDER BY 1, 2`,
  );
  return rows;
}

/** How full a source's volume was when somebody looked last. Bytes. */
export interface StorageLevel {
  readonly source: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export async function newestStorageLevels(db: Database, sources: readonly string[]): Promise<StorageLevel[]> {
  const { rows } = await db.query<StorageLevel>(
    `SELECT wanted.source, free_bytes AS "freeBytes", total_bytes AS "totalBytes"
     FROM unnest($1::text[]) AS wanted (source)
     CROSS JOIN LATERAL (
       SELECT * FROM storage_samples s WHERE s.source = wanted.source ORDER BY at DESC LIMIT 1
     ) newest ORDER BY 1`,
    [sources],
  );
  return rows;
}
