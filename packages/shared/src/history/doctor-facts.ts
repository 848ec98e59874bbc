import type { Database } from './database.js';

/** What history knows that a check-up of one source asks for. */
export interface SourceFacts {
  /** Ends of the newest completed backup, sound verification and passed recovery test. */
  readonly lastBackup: Date | null;
  readonly lastVerification: Date | null;
  readonly lastRecoveryTest: Date | null;
  /** Size in bytes of the newest completed backup. */
  readonly lastSize: number | null;
  /** Code of the newest backup that ended, when it failed. */
  readonly lastFailure: string | null;
  readonly now: Date;
}

export async function readSourceFacts(db: Database, source: string): Promise<SourceFacts> {
  const { rows } = await db.query<SourceFacts>(
    `SELECT
       (SELECT max(ended_at) FROM backups WHERE source = $1 AND status = 'completed') AS "lastBackup",
       (SELECT max(v.ended_at) FROM verifications v JOIN backups b ON b.id = v.backup_id
        WHERE b.source = $1 AND v.status = 'passed') AS "lastVerification",
       (SELECT max(t.ended_at) FROM recovery_tests t JOIN backups b ON b.id = t.backup_id
        WHERE b.source = $1 AND t.status = 'passed') AS "lastRecoveryTest",
       (SELECT size_bytes FROM backups WHERE source = $1 AND status = 'completed' ORDER BY ended_at DESC LIMIT 1) AS "lastSize",
       (SELECT CASE WHEN status = 'failed' THEN error_code END FROM backups
        WHERE source = $1 AND status IN ('completed', 'failed') ORDER BY ended_at DESC LIMIT 1) AS "lastFailure",
       clock_timestamp() AS now`,
    [source],
  );
  return rows[0] as SourceFacts;
}

/** How many stored backups each key opens. */
export async function countBackupsByKey(db: Database): Promise<{ keyId: string; backups: number }[]> {
  const { rows } = await db.query<{ keyId: string; backups: number }>(
    `SELECT key_id AS "keyId", count(*) AS backups FROM backups
     WHERE status = 'completed' AND key_id IS NOT NULL GROUP BY key_id ORDER BY key_id`,
  );
  return rows;
}

/** The migrations that were applied, and the time of the server. */
export async function readSchema(db: Database): Promise<{ applied: string[]; now: Date }> {
  const { rows } = await db.query<{ applied: string[]; now: Date }>(
    `SELECT coalesce(array_agg(name ORDER BY id), '{}')::text[] AS applied, clock_timestamp() AS now FROM schema_migrations`,
  );
  return rows[0] as { applied: string[]; now: Date };
}

/** Wanted schedules that do not run: switched off or paused, as `<name> of <source>`; and how many there are in all. */
export async function readIdleSchedules(db: Database): Promise<{ total: number; idle: string[] }> {
  const { rows } = await db.query<{ title: string; idle: boolean }>(
    `SELECT name || CASE WHEN source = '*' THEN '' ELSE ' of ' || source END AS title,
       paused OR (CASE WHEN overridden THEN cron ELSE env_cron END) IS NULL AS idle
     FROM schedules ORDER BY source, name`,
  );
  return { total: rows.length, idle: rows.filter((row) => row.idle).map((row) => row.title) };
}
