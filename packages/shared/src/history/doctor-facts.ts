import type { Database } from './database.js';

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
