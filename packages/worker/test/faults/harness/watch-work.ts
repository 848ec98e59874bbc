import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { QUEUE_PREFIX } from '@safekeep/shared/queues/contracts';
import { Redis } from 'ioredis';
import type { World } from '../../process/world.js';
import { programsOn } from './programs-of.js';

/** What was seen of the work while it was watched. */
export interface Watched {
  /** Peak of resident memory in MiB, by the name of the program. */
  readonly peaks: Readonly<Record<string, number>>;
  /** Longest age of a living run's heartbeat, in seconds. */
  readonly oldestHeartbeat: number;
  /** Runs whose lease had lapsed while they worked. */
  readonly lapsed: number;
  /** Least time to live of a queue lock that was held, in ms. */
  readonly shortestLock: number;
}

const PAUSE = 100;

/** Watches memory, leases in history and locks in Redis until `work` has ended. */
export async function watchWork(world: World, port: number, work: () => Promise<void>): Promise<Watched> {
  const redis = new Redis(world.redis.url);
  const peaks: Record<string, number> = {};
  const seen = { peaks, oldestHeartbeat: 0, lapsed: 0, shortestLock: Number.POSITIVE_INFINITY };
  let over = false;
  const watching = (async () => {
    while (!over) {
      for (const { name, pid } of programsOn(port)) {
        peaks[name] = Math.max(peaks[name] ?? 0, peakOf(pid));
      }
      const [lease] = await world.sql<{ age: number | null; lapsed: number }>('history', LEASES);
      seen.oldestHeartbeat = Math.max(seen.oldestHeartbeat, lease?.age ?? 0);
      seen.lapsed += lease?.lapsed ?? 0;
      for (const key of await redis.keys(`${QUEUE_PREFIX}:*:lock`)) {
        const left = await redis.pttl(key);
        if (left > 0) seen.shortestLock = Math.min(seen.shortestLock, left);
      }
      await delay(PAUSE);
    }
  })();
  try {
    await work();
  } finally {
    over = true;
    await watching;
    redis.disconnect();
  }
  return seen;
}

const LEASES = `
  SELECT max(extract(epoch FROM now() - heartbeat_at))::float8 AS age,
    count(*) FILTER (WHERE lease_until < now())::int AS lapsed
  FROM runs WHERE state = 'running'`;

/** Peak of a process' resident memory so far, in MiB; 0 when it has ended. */
export function peakOf(pid: number): number {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kilobytes ?? 0) / 1024);
  } catch {
    return 0;
  }
}

/** Lets the peak of a process' memory begin anew at what it holds now; gives that, in MiB. */
export function beginPeak(pid: number): number {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return peakOf(pid);
}
