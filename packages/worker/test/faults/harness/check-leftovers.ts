import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { World } from '../../process/world.js';
import { programsOf } from './programs-of.js';

/** How long a server may take to notice that a session's client has ended, in milliseconds. */
const PATIENCE = 10_000;

/** What a dead worker could leave outside of its files: programs, databases, sessions that hold a snapshot. */
export async function checkLeftovers(world: World): Promise<void> {
  expect(programsOf(world), 'programs that were left').to.deep.equal([]);
  // Recovery tests make theirs where the source is.
  const scratch = await world.sql(
    'source',
    `SELECT datname FROM pg_database WHERE datname LIKE 'safekeep\\_scratch%'`,
  );
  expect(scratch, 'scratch databases that were left').to.deep.equal([]);
  expect(await jobSessions(world), 'sessions that were left').to.deep.equal([]);
}

/** Sessions of jobs; those of the workers themselves are called `safekeep` alone. */
async function jobSessions(world: World) {
  const until = Date.now() + PATIENCE;
  for (;;) {
    const found = await world.sql(
      'source',
      `SELECT application_name, state FROM pg_stat_activity WHERE application_name ~ '^safekeep[-_]'`,
    );
    if (found.length === 0 || Date.now() > until) return found;
    await delay(100);
  }
}
