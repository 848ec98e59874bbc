import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { Secret } from '@safekeep/shared/config/secret';
import { createHistoryPool } from '@safekeep/shared/history/database';
import { migrateHistory } from '@safekeep/shared/history/migrate';
import type { Channels } from '@safekeep/shared/notify/channels';
import { Producer } from '@safekeep/shared/queues/producer';
import { producerConnection } from '@safekeep/shared/queues/settings';
import { Redis } from 'ioredis';
import type pg from 'pg';
import supertest from 'supertest';
import type TestAgent from 'supertest/lib/agent.js';
import winston from 'winston';
import { createApp } from '../src/app.js';
import { createApiServer, type Patience } from '../src/server.js';
import { emptyDatabase, servers } from './servers.js';

/** The API in this process, on a database of its own and the tests' Redis. */
export interface TestApi {
  readonly server: Server;
  readonly port: number;
  readonly http: TestAgent;
  readonly pool: pg.Pool;
  readonly redis: Redis;
  readonly jwtSecret: string;
  /** Everything that was logged. */
  readonly log: () => string;
  close(): Promise<void>;
}

interface Options {
  readonly patience?: Patience;
  readonly metricsToken?: string;
  readonly trustedProxies?: number;
  readonly channels?: Partial<Channels>;
}

const NO_CHANNELS: Channels = { smtp: null, webhook: null, slack: null, heartbeat: null, allowedHosts: [] };

export async function startTestApi(options: Options = {}): Promise<TestApi> {
  const history = await emptyDatabase();
  await migrateHistory({ HISTORY_DATABASE_URL: history, HISTORY_MIGRATIONS_URL: undefined });
  const pool = createHistoryPool(history, 10, () => {});
  const redisUrl = new Secret((await servers()).redis.url);
  const redis = new Redis(redisUrl.reveal(), producerConnection());
  redis.on('error', () => {});
  await once(redis, 'ready');
  await redis.flushall();
  const producer = new Producer(redisUrl, () => {});
  const lines: string[] = [];
  const jwtSecret = randomBytes(48).toString('base64');
  const logger = collectingLogger(lines);
  const app = createApp({
    pool,
    redis,
    producer,
    jwtSecret: new Secret(jwtSecret),
    sourceNames: ['main', 'lab'],
    targets: { rto: 14_400, rpo: 93_600 },
    metricsToken: options.metricsToken === undefined ? undefined : new Secret(options.metricsToken),
    channels: { ...NO_CHANNELS, ...options.channels },
    logger,
    trustedProxies: options.trustedProxies ?? 0,
  });
  const server = createApiServer(app, logger, options.patience).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    redis.disconnect();
    await Promise.all([producer.close(), pool.end()]);
  };
  const http = supertest(`http://127.0.0.1:${port}`);
  return { server, port, http, pool, redis, jwtSecret, log: () => lines.join(''), close };
}

function collectingLogger(lines: string[]): winston.Logger {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return winston.createLogger({
    level: 'debug',
    format: winston.format.json(),
    transports: [new winston.transports.Stream({ stream })],
  });
}
