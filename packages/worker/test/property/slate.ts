import type pg from 'pg';
import { openSession } from './session.js';
import { type SourceWorld, touch } from './source-world.js';

/** A table that is truncated, and one that says in the same transaction how many rows are left: no snapshot sees them differ. */
export const SLATE_SQL = [
  'CREATE TABLE slate (k0 int PRIMARY KEY, v0 text); INSERT INTO slate SELECT g, md5(g::text) FROM generate_series(1, 200) g',
  'CREATE TABLE slate_rows (one boolean PRIMARY KEY, rows int8); INSERT INTO slate_rows VALUES (true, 200)',
];
const SLATE_GROUP = 'slate';
/** How long the job may take to come to the lock, in milliseconds. */
const PATIENCE = 10_000;
const POLL = 5;

/**
 * Truncates the slate in a transaction that the job's snapshot does not see and that ends as soon as the job waits for it:
 * who does not look again reads an empty table beside rows of before.
 */
export async function truncateWhileTaken(world: SourceWorld): Promise<{ done: Promise<void> }> {
  const client = await openSession(world.url);
  const rows = world.random.between(0, 50);
  await client.query(
    `BEGIN; TRUNCATE slate; INSERT INTO slate SELECT g, 'new' FROM generate_series(1, ${rows}) g; UPDATE slate_rows SET rows = ${rows}`,
  );
  touch(world, SLATE_GROUP);
  return { done: commitWhenAwaited(client).finally(() => client.end()) };
}

async function commitWhenAwaited(client: pg.Client): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const { rows } = await client.query<{ waits: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'slate'::regclass) AS waits`,
    );
    if (rows[0]?.waits || Date.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
  await client.query('COMMIT');
}

/** Whether a restored slate has the rows that its other table tells. */
export async function slateDiffers(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ told: number; held: number }>(
    'SELECT rows AS told, (SELECT count(*) FROM public.slate) AS held FROM public.slate_rows',
  );
  const { told, held } = rows[0] ?? { told: -1, held: -2 };
  return told === held ? [] : [`slate: ${held} rows, but ${told} in the same transaction`];
}
