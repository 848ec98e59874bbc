import pg from 'pg';
import type { FaultWorld } from './fault-world.js';

/**
 * Changes the next scratch database between its restore and its comparison, as another session of the server could. The
 * request for the primary key of `public.patients`, which comes when all rows are there, stays on its way until `change`
 * is done. The worker must reach its source through the network.
 */
export async function meddle(world: FaultWorld, change: string): Promise<void> {
  const { source: network } = world.network;
  await network.hold('ADD CONSTRAINT patients_pkey');
  const client = new pg.Client(world.postgres.url(await scratchDatabase(world)));
  await client.connect();
  try {
    await client.query(change);
  } finally {
    await client.end();
    network.mend();
  }
}

async function scratchDatabase(world: FaultWorld): Promise<string> {
  const found = await world.sql<{ name: string }>(
    'postgres',
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'safekeep\\_scratch\\_%'`,
  );
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} scratch databases`);
  return found[0].name;
}
