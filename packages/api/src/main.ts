import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { watchAlerts } from '@safekeep/shared/alerts/watch-alerts';
import { type ConfigOf, loadConfig } from '@safekeep/shared/config/load';
import { endOnSurprise } from '@safekeep/shared/end-on-surprise';
import { fail, SafekeepError } from '@safekeep/shared/errors';
import { createHistoryPool } from '@safekeep/shared/history/database';
import { migrateHistory } from '@safekeep/shared/history/migrate';
import { translateOutage } from '@safekeep/shared/history/outage';
import { createLogger, describeError, errorCode, type Logger } from '@safekeep/shared/logger';
import { notificationPause } from '@safekeep/shared/notify/attempt-notification';
import { channelsOf } from '@safekeep/shared/notify/channels';
import { startNotifyWorker } from '@safekeep/shared/notify/notify-worker';
import { createOutageLog } from '@safekeep/shared/outage-log';
import { Producer } from '@safekeep/shared/queues/producer';
import { producerConnection } from '@safekeep/shared/queues/settings';
import { configuredSchedules } from '@safekeep/shared/schedules/kinds';
import { registerSchedules } from '@safekeep/shared/schedules/register';
import { syncSchedulers } from '@safekeep/shared/schedules/sync-schedulers';
import { Redis } from 'ioredis';
import type pg from 'pg';
import { createApp } from './app.js';
import { ensureFirstAdmin } from './auth/first-admin.js';
import { createApiServer } from './server.js';
import { drain } from './shutdown.js';

/** Connections of one replica; PostgreSQL's default is 100 for all of them and the workers together. */
const HISTORY_CONNECTIONS = 10;

/** How long the clients of Redis and history may take to close, in milliseconds. */
const CLOSING = 2_000;

type Config = ConfigOf<'api'>;

async function main(): Promise<void> {
  const config = loadConfig(process.env, 'api');
  const logger = createLogger({ service: 'api', level: config.LOG_LEVEL, file: config.LOG_FILE });
  endOnSurprise(logger);
  await migrateHistory(config);
  const pool = createHistoryPool(
    config.HISTORY_DATABASE_URL,
    HISTORY_CONNECTIONS,
    createOutageLog(logger, 'history'),
  );
  await ensureFirstAdmin(pool, config.ADMIN_USERNAME, config.ADMIN_PASSWORD, (password) =>
    showOnce(config.ADMIN_USERNAME, password),
  );
  await registerSchedules(pool, configuredSchedules(config));
  await serve(config, pool, logger);
}

async function serve(config: Config, pool: pg.Pool, logger: Logger): Promise<void> {
  const onRedisError = createOutageLog(logger, 'redis');
  const producer = new Producer(config.REDIS_URL, onRedisError);
  const redis = new Redis(config.REDIS_URL.reveal(), producerConnection());
  redis.on('error', onRedisError);
  // The first login shall not come before the connection; without Redis the API serves what it can.
  await once(redis, 'ready').catch(() => {});
  await syncSchedulers(pool, producer).catch((error: unknown) => {
    logger.warn('the workers will tell the queue its schedules', { error: describeError(error) });
  });
  const sourceNames = config.sourceNames;
  const channels = channelsOf(config);
  const app = createApp({
    pool,
    producer,
    redis,
    jwtSecret: config.JWT_SECRET,
    sourceNames,
    channels,
    targets: { rto: config.RTO_TARGET, rpo: config.RPO_TARGET },
    metricsToken: config.METRICS_TOKEN,
    logger,
    trustedProxies: config.TRUST_PROXY,
  });
  const server = createApiServer(app, logger);
  server.listen(config.PORT, config.HOST);
  await once(server, 'listening').catch((error: Error) => {
    throw fail('LISTEN_FAILED', { host: config.HOST, port: config.PORT, reason: errorCode(error) }, error);
  });
  const { address, port, family } = server.address() as AddressInfo;
  logger.info('listening', { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}` });
  const notify = { pool, logger, channels, service: 'api', pauseAfter: notificationPause } as const;
  const alerts = watchAlerts({ ...notify, producer, notifyOnSuccess: config.NOTIFY_ON_SUCCESS });
  const notifier = startNotifyWorker(notify, config.REDIS_URL);
  await nextSignal();
  logger.info('stopping');
  await drain(server);
  // What is being sent may go on for a moment; after that another process sends it again.
  await Promise.race([Promise.all([alerts.close(), notifier.close()]), delay(CLOSING)]);
  redis.disconnect();
  // A query that hangs would hold its connection, and with it the process.
  await Promise.race([Promise.all([producer.close(), pool.end()]), delay(CLOSING)]);
  logger.info('stopped');
}

/** Waits for the signal to stop; one more of them ends the process at once. */
async function nextSignal(): Promise<void> {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  await new Promise<void>((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
  });
  for (const signal of signals) process.removeAllListeners(signal).once(signal, () => process.exit(1));
}

/** The password goes to the screen of whoever starts the API for the first time, and past the log with its file. */
function showOnce(username: string, password: string): void {
  process.stdout.write(`The password of the first user "${username}", shown only now: ${password}\n`);
}

function explain(thrown: unknown): number {
  const error = translateOutage(thrown);
  if (error instanceof SafekeepError) {
    process.stderr.write(`${error.message}\n${error.hint}\n`);
    return error.exitCode;
  }
  process.stderr.write(`The API could not start: ${JSON.stringify(describeError(error))}\n`);
  return 1;
}

process.exit(await main().then(() => 0, explain));
