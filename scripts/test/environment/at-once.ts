import { setTimeout as delay } from 'node:timers/promises';
import { ended, type Installation } from './installation.js';
import type { World } from './world.js';

const WAIT_TO_BEGIN = `SELECT FROM pg_locks WHERE relation = 'runs'::regclass AND NOT granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

const MOST_AT_ONCE = `SELECT max((SELECT count(*)::int FROM runs o WHERE o.subject_id = ANY ($1)
    AND o.started_at <= r.started_at AND o.ended_at > r.started_at)) AS most
  FROM runs r WHERE r.subject_id = ANY ($1)`;

/** How many of three verifications went on at the same time, at most. */
export async function verificationsAtOnce(world: World, installation: Installation): Promise<number> {
  const path = `/backup/${installation.backup.id}`;
  const asked: string[] = [];
  const lock = await world.pool(installation.history).connect();
  try {
    // Nobody can begin a run, so those that may begin at once wait for each other here.
    await lock.query('BEGIN; LOCK TABLE runs IN SHARE ROW EXCLUSIVE MODE');
    for (let count = 0; count < 3; count += 1) {
      asked.push((await installation.request<{ id: string }>(`${path}/verify`, {})).id);
    }
    const wanted = Number(installation.value('WORKER_CONCURRENCY'));
    while ((await world.sql(installation.history, WAIT_TO_BEGIN)).length < wanted) await delay(20);
    await lock.query('COMMIT');
  } finally {
    lock.release();
  }
  await installation.until<{ verifications: { id: string; status: string }[] }>(path, (body) =>
    asked.every((id) => body.verifications.some((one) => one.id === id && ended(one))),
  );
  const [row] = await world.sql<{ most: number }>(installation.history, MOST_AT_ONCE, [asked]);
  return row?.most ?? 0;
}
