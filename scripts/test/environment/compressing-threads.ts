import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Backup } from '../../../packages/shared/src/contracts/backup.js';
import { ended, type Installation } from './installation.js';
import type { World } from './world.js';

/** Between two looks at the worker's threads, in milliseconds. */
const PAUSE = 10;
/** Looks that see as many threads: longer than idle ones are kept. */
const STILL = 150;

/**
 * How many threads a worker has more at most while it takes backups. Taken until there are as many as it may have: a
 * pg_dump that is slow may keep fewer busy.
 */
export async function threadsThatCompress(world: World, installation: Installation): Promise<number> {
  await world.inTurn(() =>
    world.sql(
      'annexe',
      `CREATE TABLE IF NOT EXISTS scans AS
       SELECT g AS id, repeat(md5(g::text), 8) AS text FROM generate_series(1, 20000) g`,
    ),
  );
  const idle = await idleThreads(installation);
  let most = 0;
  while (most < Number(installation.value('BACKUP_COMPRESS_THREADS'))) {
    most = Math.max(most, (await threadsInBackup(installation)) - idle);
  }
  return most;
}

async function threadsInBackup(installation: Installation): Promise<number> {
  const { id } = await installation.request<{ id: string }>('/backup/full', { source: 'lab' });
  let most = 0;
  let over = false;
  const end = installation.until<Backup>(`/backup/${id}`, ended).finally(() => {
    over = true;
  });
  while (!over) {
    most = Math.max(most, threads(installation));
    await delay(PAUSE);
  }
  await end;
  return most;
}

async function idleThreads(installation: Installation): Promise<number> {
  let count = threads(installation);
  for (let same = 0; same < STILL; same += 1) {
    await delay(PAUSE);
    if (threads(installation) === count) continue;
    same = 0;
    count = threads(installation);
  }
  return count;
}

function threads(installation: Installation): number {
  return readdirSync(`/proc/${installation.workerPid}/task`).length;
}
