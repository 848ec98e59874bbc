import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '@safekeep/shared/logger';
import pg from 'pg';
import type { World } from '../../process/world.js';

const WAITED_FOR = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'public.patients'::regclass`;

/**
 * Changes the next scratch database between its restore and its comparison, as another session of the server could: holds
 * a lock that the primary key of `public.patients` must wait for, which is made when all rows are there, and lets go of it
 * once `change` is done.
 */
export async function meddle(world: World, change: string): Promise<void> {
  const client = new pg.Client(world.postgres.url(await scratchDatabase(world)));
  await client.connect();
  try {
    await lockPatients(client);
    while ((await client.query(WAITED_FOR)).rowCount === 0) await delay(5);
    await client.query(change);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}

async function scratchDatabase(world: World): Promise<string> {
  for (;;) {
    const [found] = await world.sql<{ name: string }>(
      'postgres',
      `SELECT datname AS name FROM pg_database WHERE datname LIKE 'safekeep\\_scratch\\_%' AND datallowconn`,
    );
    if (found !== undefined) return found.name;
    await delay(5);
  }
}

async function lockPatients(client: pg.Client): Promise<void> {
  for (;;) {
    await client.query('BEGIN');
    try {
      await client.query('LOCK TABLE public.patients IN ACCESS SHARE MODE');
      const { rowCount } = await client.query(
        `SELECT FROM pg_constraint WHERE conrelid = 'public.patients'::regclass AND contype = 'p'`,
      );
      if (rowCount !== 0) throw new Error('the lock came too late');
      return;
    } catch (error) {
      if (errorCode(error) !== '42P01') throw error;
      await client.query('ROLLBACK');
    }
    await delay(2);
  }
}
