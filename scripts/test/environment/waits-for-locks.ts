import { setTimeout as delay } from 'node:timers/promises';
import type { Backup } from '../../../packages/shared/src/contracts/backup.js';
import { ended, type Installation } from './installation.js';
import type { World } from './world.js';

/** Whoever waits longer than this has no short timeout. */
const LONG = "interval '3 seconds'";

/** How many attempts a backup takes of which the first meets a table that somebody holds locked for some seconds. */
export async function attemptsAgainstLock(world: World, installation: Installation): Promise<number> {
  return world.inTurn(async () => {
    await world.sql('annexe', 'CREATE TABLE held ()');
    const holder = await world.pool('annexe').connect();
    try {
      await holder.query('BEGIN; LOCK TABLE held');
      const { id } = await installation.request<{ id: string }>('/backup/full', { source: 'lab' });
      while (!(await gaveUp(world, installation, id)) && !(await waitsLong(world))) await delay(50);
      await holder.query('COMMIT');
      return (await installation.until<Backup>(`/backup/${id}`, ended)).attempts;
    } finally {
      holder.release();
      await world.sql('annexe', 'DROP TABLE held');
    }
  });
}

async function gaveUp(world: World, { history }: Installation, id: string): Promise<boolean> {
  const rows = await world.sql(history, `SELECT FROM runs WHERE subject_id = $1 AND state = 'failed'`, [id]);
  return rows.length > 0;
}

async function waitsLong(world: World): Promise<boolean> {
  const rows = await world.sql(
    'annexe',
    `SELECT FROM pg_stat_activity WHERE datname = 'annexe' AND wait_event_type = 'Lock' AND query_start < now() - ${LONG}`,
  );
  return rows.length > 0;
}
