import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createDeflatePool } from '@safekeep/archive/parallel-gzip/deflate-pool';
import { watchAlerts } from '@safekeep/shared/alerts/watch-alerts';
import { type ConfigOf, loadConfig } from '@safekeep/shared/config/load';
import { endOnSurprise } from '@safekeep/shared/end-on-surprise';
import { createHistoryPool } from '@safekeep/shared/history/database';
import { migrateHistory } from '@safekeep/shared/history/migrate';
import { createLogger, type Logger } from '@safekeep/shared/logger';
import { createOutageLog } from '@safekeep/shared/outage-log';
import { Producer } from '@safekeep/shared/queues/producer';
import { reportStartFailure } from './cli/report-failure.js';
import { drainOnSignal } from './drain.js';
import { keepAliveFile } from './liveness.js';
import { removeOrphanedPassfiles } from './postgres/libpq-environment.js';
import { programDirectories } from './postgres/program.js';
import { keepPresence } from './presence.js';
import { startQueueWorkers } from './queue-workers.js';
import { startReconciler } from './reconcile/reconciler.js';
import { workerRounds } from './reconcile/rounds.js';
import { workerServices } from './services.js';

/** How long the clients of Redis and history may take to close, in milliseconds. */
const CLOSING = 2_000;

async function main(): Promise<void> {
  const config = loadConfig(process.env, 'worker');
  const logger = createLogger({ service: 'worker', level: config.LOG_LEVEL, file: config.LOG_FILE });
  endOnSurprise(logger);
  const applied = await migrateHistory(config);
  if (applied.length > 0) logger.info('history migrated', { applied });
  await run(config, logger);
}

async function run(config: ConfigOf<'worker'>, logger: Logger): Promise<void> {
  await removeOrphanedPassfiles();
  const pool = createHistoryPool(
    config.HISTORY_DATABASE_URL,
    4 + 4 * config.WORKER_CONCURRENCY,
    createOutageLog(logger, 'history'),
  );
  const producer = new Producer(config.REDIS_URL, createOutageLog(logger, 'redis'));
  const deflatePool = createDeflatePool(config.BACKUP_COMPRESS_THREADS);
  const services = workerServices(config, {
    pool,
    producer,
    logger,
    deflatePool,
    programDirectories: await programDirectories(process.env.PATH ?? ''),
    environment: process.env,
  });
  const workers = startQueueWorkers(services);
  const reconciler = startReconciler(workerRounds(services), logger);
  const { sourceNames: sources, encryptionKey, notify } = services;
  const presence = keepPresence(pool, { sources, encryptionKey }, logger);
  const alerts = watchAlerts({ ...notify, producer, notifyOnSuccess: config.NOTIFY_ON_SUCCESS });
  const liveness = keepAliveFile(join(tmpdir(), 'safekeep-worker.alive'), pool, workers);
  logger.info('worker started', { sources });
  await drainOnSignal(workers, logger);
  liveness.close();
  await alerts.close();
  await presence.close();
  await reconciler.close();
  // A query that hangs would hold its connection, and with it the process.
  await Promise.race([Promise.all([producer.close(), pool.end(), deflatePool.close()]), delay(CLOSING)]);
  logger.info('worker stopped');
}

main().then(
  () => process.exit(0),
  (error: unknown) => reportStartFailure('worker', error),
);
