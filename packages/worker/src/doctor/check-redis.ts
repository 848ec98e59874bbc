import type { Secret } from '@safekeep/shared/config/secret';
import { fail } from '@safekeep/shared/errors';
import { Producer } from '@safekeep/shared/queues/producer';
import { readBackupQueue } from '@safekeep/shared/queues/queue-figures';
import { producerConnection } from '@safekeep/shared/queues/settings';
import { Redis } from 'ioredis';
import { compareClocks } from './clock.js';
import { type Diagnosis, ok, problem } from './diagnosis.js';
import { fromError } from './from-error.js';
import { judgeRedis, type RedisFacts } from './redis-settings.js';

/** Redis answers, is fit for the queue, and workers are connected to it. */
export async function checkRedis(url: Secret): Promise<Diagnosis[]> {
  const redis = new Redis(url.reveal(), {
    ...producerConnection(),
    lazyConnect: true,
    retryStrategy: () => null,
  });
  // The command that fails reports it.
  redis.on('error', () => {});
  try {
    await redis.connect();
    const asked = Date.now();
    const [seconds] = await redis.time();
    const clock = compareClocks('redis', Number(seconds) * 1000, {
      asked: asked - 1000,
      answered: Date.now(),
    });
    return [...judgeRedis(await readFacts(redis)), clock, await checkWorkers(url)];
  } catch (error) {
    return [fromError('redis', fail('REDIS_UNREACHABLE', {}, error))];
  } finally {
    redis.disconnect();
  }
}

async function readFacts(redis: Redis): Promise<RedisFacts> {
  const info = await redis.info();
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  return {
    version: field('redis_version') ?? '0',
    evictionPolicy: field('maxmemory_policy') ?? null,
    appendOnly: field('aof_enabled') === undefined ? null : field('aof_enabled') === '1',
    usedBytes: Number(field('used_memory') ?? 0),
    maximumBytes: Number(field('maxmemory') ?? 0),
  };
}

async function checkWorkers(url: Secret): Promise<Diagnosis> {
  const producer = new Producer(url, () => {});
  try {
    const state = await readBackupQueue(producer);
    if (state !== null && state.workers > 0) return ok('workers', `${state.workers} connected`);
    return problem('workers', 'none is connected: nothing runs', 'Start a worker.', 1);
  } finally {
    await producer.close();
  }
}
