import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Secret } from '@safekeep/shared/config/secret';
import { QUEUE_PREFIX, type QueueName } from '@safekeep/shared/queues/contracts';
import { Queue } from 'bullmq';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../scripts/services/postgres.js';
import { type RedisServer, startRedis } from '../../../scripts/services/redis.js';
import { scratchFolder } from '../../../scripts/services/scratch-folder.js';

interface Servers {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
}

let started: Promise<Servers> | undefined;

/** The PostgreSQL and the Redis of all tests of this package; they end with the process. */
export function servers(): Promise<Servers> {
  started ??= start();
  return started;
}

async function start(): Promise<Servers> {
  const folder = await scratchFolder('safekeep-api');
  const [postgres, redis] = await Promise.all([
    startPostgres({ directory: join(folder, 'postgres') }),
    startRedis({ directory: join(folder, 'redis') }),
  ]);
  return { postgres, redis };
}

/** A queue as the API fills it, to look into. */
export async function openQueue(name: QueueName): Promise<Queue> {
  const { redis } = await servers();
  const queue = new Queue(name, { connection: { url: redis.url }, prefix: QUEUE_PREFIX });
  await queue.waitUntilReady();
  return queue;
}

/** A new, empty database for history. */
export async function emptyDatabase(): Promise<Secret> {
  const { postgres } = await servers();
  const name = `history_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client(postgres.url('postgres'));
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return new Secret(postgres.url(name));
}
