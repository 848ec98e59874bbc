import type { LastRecoveryTest, SizeFacts, VolumeFacts } from '../policy/alert-facts.js';
import type { Database } from './database.js';

/** SQL: the newest recovery test of source `s` that ended so. */
const newestTest = (how: string) => `
  SELECT * FROM recovery_tests t WHERE t.source = s.source AND t.ended_at IS NOT NULL AND t.${how}
  ORDER BY t.ended_at DESC, t.id DESC LIMIT 1`;

/** A test that failed stays the last one until another comes to a verdict: one that could not be carried out knows nothing. */
export async function readRecoveryTests(db: Database): Promise<LastRecoveryTest[]> {
  const { rows } = await db.query<LastRecoveryTest>(
    `SELECT s.source,
       (SELECT b.ended_at FROM backups b WHERE b.source = s.source AND b.status IN ('completed', 'missing')
          AND b.ended_at IS NOT NULL ORDER BY b.ended_at LIMIT 1) AS "firstBackupAt",
       (SELECT jsonb_build_object('backupId', l.backup_id, 'status', l.status, 'errorCode', l.error_code,
           'endedAt', l.ended_at,
           'findings', CASE WHEN jsonb_typeof(l.findings) = 'array' THEN jsonb_array_length(l.findings) ELSE 0 END)
        FROM (
          (${newestTest("status IN ('passed', 'failed')")}) UNION ALL (${newestTest("status = 'error'")})
        ) AS l ORDER BY l.status = 'failed' DESC, l.ended_at DESC, l.id DESC LIMIT 1) AS last,
       (SELECT v.ended_at FROM (${newestTest("status IN ('passed', 'failed')")}) v) AS "lastVerdictAt"
     FROM (SELECT DISTINCT source FROM backups WHERE status = 'completed') s ORDER BY s.source`,
  );
  return rows.map((row) => ({
    ...row,
    // JSON has no times.
    last: row.last === null ? null : { ...row.last, endedAt: new Date(row.last.endedAt) },
  }));
}

/** A volume that was made larger has another trend, so samples of another size do not count. */
export async function readVolumes(db: Database): Promise<VolumeFacts[]> {
  const { rows } = await db.query<VolumeFacts & { earlierAt: Date; earlierFree: number }>(
    `SELECT n.source, n.at, n.free_bytes AS "freeBytes", n.total_bytes AS "totalBytes", e.at AS "earlierAt",
       e.free_bytes AS "earlierFree",
       (SELECT b.size_bytes FROM backups b WHERE b.source = n.source AND b.type = 'full' AND b.status = 'completed'
        ORDER BY b.created_at DESC LIMIT 1) AS "lastBackupBytes"
     FROM (SELECT DISTINCT ON (source) * FROM storage_samples WHERE at > now() - interval '7 days'
           ORDER BY source, at DESC) n
     JOIN LATERAL (
       SELECT e.at, e.free_bytes FROM storage_samples e
       WHERE e.source = n.source AND e.total_bytes = n.total_bytes AND e.at > n.at - interval '14 days'
       ORDER BY e.at LIMIT 1
     ) e ON true ORDER BY n.source`,
  );
  return rows.map(({ earlierAt, earlierFree, ...volume }) => ({
    ...volume,
    earlier: { at: earlierAt, freeBytes: earlierFree },
  }));
}

/** Completed full backups of each source, the newest six, numbered from 1. */
const NEWEST = `
  SELECT * FROM (
    SELECT source, id, ended_at, size_bytes, row_count, table_count, largest_tables,
      row_number() OVER (PARTITION BY source ORDER BY created_at DESC, id DESC) AS place
    FROM backups WHERE type = 'full' AND status = 'completed'
  ) AS ranked WHERE place <= 6`;

export async function readSizes(db: Database): Promise<SizeFacts[]> {
  const tables = await readShrunkTables(db);
  const { rows } = await db.query<Omit<SizeFacts, 'tables'>>(
    `WITH newest AS (${NEWEST})
     SELECT n.source, n.id AS "backupId", n.ended_at AS "endedAt", n.size_bytes AS "sizeBytes",
       n.row_count AS "rowCount",
       (SELECT coalesce(jsonb_agg(jsonb_build_object('sizeBytes', e.size_bytes, 'rowCount', e.row_count) ORDER BY e.place), '[]')
        FROM newest e WHERE e.source = n.source AND e.place > 1
          AND e.size_bytes IS NOT NULL AND e.row_count IS NOT NULL) AS earlier
     FROM newest n WHERE n.place = 1 AND n.size_bytes IS NOT NULL AND n.row_count IS NOT NULL ORDER BY n.source`,
  );
  return rows.map((row) => ({ ...row, tables: tables.filter(({ source }) => source === row.source) }));
}

type ShrunkTable = SizeFacts['tables'][number] & { readonly source: string };

/**
 * Tables whose rows are fewer than the median of the backups before. History knows the largest tables of each backup
 * alone, so a table that is not among them has vanished only where all tables are known.
 */
async function readShrunkTables(db: Database): Promise<ShrunkTable[]> {
  const { rows } = await db.query<ShrunkTable>(
    `WITH newest AS (${NEWEST}),
     counted AS (
       SELECT n.source, n.place, t.name, t.rows FROM newest n,
         jsonb_to_recordset(n.largest_tables) AS t(name text, rows int8)
     ),
     before AS (
       SELECT source, name, percentile_disc(0.5) WITHIN GROUP (ORDER BY rows) AS rows
       FROM counted WHERE place > 1 GROUP BY source, name
     )
     SELECT b.source, b.name, b.rows AS before, coalesce(c.rows, 0) AS rows
     FROM before b JOIN newest n ON n.source = b.source AND n.place = 1
     LEFT JOIN counted c ON c.source = b.source AND c.name = b.name AND c.place = 1
     WHERE n.largest_tables IS NOT NULL AND coalesce(c.rows, 0) < b.rows
       AND (c.rows IS NOT NULL OR n.table_count <= jsonb_array_length(n.largest_tables))
     ORDER BY b.source, coalesce(c.rows, 0)::float8 / b.rows, b.name`,
  );
  return rows;
}
