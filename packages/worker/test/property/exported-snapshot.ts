import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { PropertyServer } from './property-server.js';
import { openSession } from './session.js';

/** A database whose backups are taken. */
export interface ReadSource {
  readonly database: string;
  readonly url: string;
  readonly server: PropertyServer;
}

/**
 * What the snapshot sees that a backup job of this source holds now: read through the snapshot itself, whose name the
 * server's own files tell. The job need not know.
 */
export async function readThroughSnapshot<T>(
  source: ReadSource,
  read: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await openSession(source.url);
  try {
    const { rows } = await client.query<{ oid: number }>(
      'SELECT oid::int8 AS oid FROM pg_database WHERE datname = current_database()',
    );
    const name = findSnapshot(join(source.server.data, 'pg_snapshots'), rows[0]?.oid ?? 0);
    // Applications that want to truncate may queue before it; the job's own locks keep them from it.
    await client.query("SET lock_timeout = '20s'");
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    await client.query(`SET TRANSACTION SNAPSHOT ${pg.escapeLiteral(name)}`);
    return await read(client);
  } finally {
    await client.end();
  }
}

/** Name of the newest exported snapshot of a database. */
function findSnapshot(folder: string, database: number): string {
  const ours = readdirSync(folder)
    .filter((name) => readFileSync(join(folder, name), 'utf8').includes(`\ndbid:${database}\n`))
    .map((name) => ({ name, at: statSync(join(folder, name)).mtimeMs }))
    .sort((left, right) => right.at - left.at);
  const [newest] = ours;
  if (newest === undefined) throw new Error('the job holds no exported snapshot');
  return newest.name;
}
