import type { Database } from './database.js';

/** How many rows of a kind stand in history; `type` only where there is one. */
export interface Tally {
  readonly source: string;
  readonly type: string;
  readonly status: string;
  readonly count: number;
}

/** What retention removed counts as `disposed`, so that `missing` is what should be there. */
export async function tallyBackups(db: Database): Promise<Tally[]> {
  const { rows } = await db.query<Tally>(
    `SELECT source, type, CASE WHEN disposed_at IS NULL THEN status ELSE 'disposed' END AS status, count(*) AS count
     FROM backups GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
  );
  return rows;
}

/** By source and status; `type` is that of the backup. */
export async function tallyChecks(db: Database, table: 'verifications' | 'recovery_tests'): Promise<Tally[]> {
  const { rows } = await db.query<Tally>(
    `SELECT b.source, b.type, c.status, count(*) AS count FROM ${table} c JOIN backups b ON b.id = c.backup_id
     GROUP BY b.source, b.type, c.status ORDER BY 1, 2, 3`,
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

/** Counted in history, not in a process: all replicas of the API tell the same, also after a restart. */
export async function totalBackups(db: Database): Promise<BackupTotals[]> {
  const within = DURATION_BUCKETS.map((bound) => `count(*) FILTER (WHERE seconds <= ${bound})::int4`);
  const { rows } = await db.query<BackupTotals>(
    `SELECT source, type, count(*) AS count, coalesce(sum(seconds), 0) AS seconds,
       ARRAY[${within.join(', ')}] AS "withinBuckets",
       coalesce(sum(size_bytes), 0)::int8 AS "bytesWritten",
       coalesce(sum(size_bytes) FILTER (WHERE status = 'completed'), 0)::int8 AS "keptBytes"
     FROM (SELECT *, extract(epoch FROM ended_at - started_at)::float8 AS seconds FROM backups) b
     WHERE status IN ('completed', 'missing') GROUP BY source, type ORDER BY 1, 2`,
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
