import { expect } from 'chai';
import { shell } from '../../process/by-hand.js';
import type { World } from '../../process/world.js';

/** What a dead worker could leave outside of its files: programs, databases, sessions that hold a snapshot. */
export async function checkLeftovers(world: World): Promise<void> {
  const programs = await shell(`pgrep -fa "[p]g_(dump|restore).*${world.postgres.port}" || true`);
  expect(programs, 'programs that were left').to.equal('');
  const scratch = await world.sql(
    'postgres',
    `SELECT datname FROM pg_database WHERE datname LIKE 'safekeep\\_scratch%'`,
  );
  expect(scratch, 'scratch databases that were left').to.deep.equal([]);
}
