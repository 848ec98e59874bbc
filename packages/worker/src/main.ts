import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchAlerts } from '@safekeep/shared/alerts/watch-alerts';
import { type ConfigOf, loadConfig } from '@safekeep/shared/config/load';
import type { Secret } from '@safekeep/shared/config/secret';
import { REPORTS_FOLDER } from '@safekeep/shared/config/sources';
import { createHistoryPool } from '@safekeep/shared/history/database';
import { migrateHistory } from '@safekeep/shared/history/migrate';
import { byName } from '@safekeep/shared/jobs/by-name';
import { startQueueWorker } from '@safekeep/shared/jobs/queue-worker';
import { createLogger, type Logger } from '@safekeep/shared/logger';
import { notificationPause } from '@safekeep/shared/notify/attempt-notification';
import { channelsOf } from '@safekeep/shared/notify/channels';
import { startNotifyWorker } from '@safekeep/shared/notify/notify-worker';
import { createOutageLog } from '@safekeep/shared/outage-log';
import { sourceUnknown } from '@safekeep/shared/policy/require-source';
import type { RetentionPolicy } from '@safekeep/shared/policy/retention';
import type { QueueName } from '@safekeep/shared/queues/contracts';
import { Producer } from '@safekeep/shared/queues/producer';
import { configuredSchedules } from '@safekeep/shared/schedules/kinds';
import { LocalStorage } from '@safekeep/shared/storage/local';
import type { Processor } from 'bullmq';
import { reportStartFailure } from './cli/report-failure.js';
import { drainOnSignal } from './drain.js';
import { createBackupProcessor } from './jobs/backup-processor.js';
import { createCleanupProcessor } from './jobs/cleanup-processor.js';
import { createDueProcessor } from './jobs/due.js';
import { createRecoveryTestProcessor } from './jobs/recovery-test-processor.js';
import { createReportProcessor } from './jobs/report-processor.js';
import { reportSettings } from './jobs/report-settings.js';
import { createRestoreProcessor } from './jobs/restore-processor.js';
import { createVerifyProcessor } from './jobs/verify-processor.js';
import { keepAliveFile } from './liveness.js';
import { removeOrphanedPassfiles } from './postgres/libpq-environment.js';
import { programDirectories } from './postgres/program.js';
import { keepPresence } from './presence.js';
import { adoptRound } from './reconcile/adopt-round.js';
import { scratchRound } from './reconcile/drop-left-scratch.js';
import { inventoryRound } from './reconcile/inventory-round.js';
import { scheduleRounds } from './reconcile/keep-schedules.js';
import { startReconciler } from './reconcile/reconciler.js';
import { requeueAbandoned } from './reconcile/requeue-abandoned.js';

/** How long pg_dump and the snapshot wait for a locked table, in milliseconds. */
const LOCK_TIMEOUT = 60_000;

async function main(): Promise<void> {
  const config = loadConfig(process.env, 'worker');
  const logger = createLogger({ service: 'worker', level: config.LOG_LEVEL, file: config.LOG_FILE });
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
  const shared = {
    pool,
    logger,
    encryptionKey: config.BACKUP_ENCRYPTION_KEY,
    storageOf: (source: string) => new LocalStorage(config.BACKUP_DIR, source),
  };
  const directories = await programDirectories(process.env.PATH ?? '');
  const backups = createBackupProcessor({
    ...shared,
    sources: config.sources,
    compression: config.BACKUP_COMPRESSION,
    lockTimeout: LOCK_TIMEOUT,
    programDirectories: directories,
    environment: process.env,
  });
  const restores = createRestoreProcessor({
    ...shared,
    sources: config.sources,
    restoreUrl: config.RESTORE_DATABASE_URL,
    historyUrl: config.HISTORY_DATABASE_URL,
    programDirectories: directories,
    environment: process.env,
  });
  const reports = createReportProcessor({
    pool,
    logger,
    settings: reportSettings(config),
    storage: new LocalStorage(config.BACKUP_DIR, REPORTS_FOLDER),
  });
  const cleanups = createCleanupProcessor({ ...shared, policy: retentionPolicy(config) });
  const notify = {
    pool,
    logger,
    channels: channelsOf(config),
    service: 'worker',
    pauseAfter: notificationPause,
  } as const;
  const scratchServerOf = (source: string) => scratchServer(config, source);
  const recoveryTests = createRecoveryTestProcessor({
    ...shared,
    scratchServerOf,
    targets: { rtoTargetSeconds: config.RTO_TARGET, rpoTargetSeconds: config.RPO_TARGET },
    criticalTables: config.CRITICAL_TABLES,
    programDirectories: directories,
    environment: process.env,
  });
  const producer = new Producer(config.REDIS_URL, createOutageLog(logger, 'redis'));
  const scheduling = { pool, producer, logger };
  const due = createDueProcessor(scheduling);
  const start = (queue: QueueName, jobs: Readonly<Record<string, Processor>>) =>
    startQueueWorker(queue, byName({ ...jobs, due }), config, logger);
  const workers = [
    start('backup', { full: backups, incremental: backups }),
    start('verify', { verify: createVerifyProcessor(shared) }),
    start('restore-test', { 'restore-test': recoveryTests, restore: restores }),
    start('report', { report: reports }),
    start('cleanup', { cleanup: cleanups }),
    startNotifyWorker(notify, config.REDIS_URL),
  ];
  const reconciler = startReconciler(
    [
      { name: 'jobs', pause: 15_000, run: () => requeueAbandoned(pool, producer, logger) },
      scratchRound({ ...shared, scratchServerOf }),
      adoptRound({ ...shared, sourceNames: config.sourceNames }),
      inventoryRound({ ...shared, sourceNames: config.sourceNames }),
      ...scheduleRounds(scheduling, configuredSchedules(config)),
    ],
    logger,
  );
  const { sourceNames: sources, BACKUP_ENCRYPTION_KEY: encryptionKey } = config;
  const presence = keepPresence(pool, { sources, encryptionKey }, logger);
  const alerts = watchAlerts({ ...notify, producer, notifyOnSuccess: config.NOTIFY_ON_SUCCESS });
  const liveness = keepAliveFile(join(tmpdir(), 'safekeep-worker.alive'), pool, workers);
  logger.info('worker started', { sources: config.sourceNames });
  await drainOnSignal(workers, logger);
  liveness.close();
  await alerts.close();
  await presence.close();
  await reconciler.close();
  await producer.close();
  await pool.end();
  logger.info('worker stopped');
}

/** A source that is no longer configured has no server. */
function scratchServer(config: ConfigOf<'worker'>, source: string): Secret {
  const own = config.sources.find(({ name }) => name === source)?.url;
  const server = config.SCRATCH_DATABASE_URL ?? own;
  if (server === undefined) throw sourceUnknown(source, config.sourceNames);
  return server;
}

function retentionPolicy(config: ConfigOf<'worker'>): RetentionPolicy {
  return {
    fullDays: config.BACKUP_RETENTION_FULL_DAYS,
    incrementalDays: config.BACKUP_RETENTION_INCREMENTAL_DAYS,
    keepMinimum: config.BACKUP_KEEP_MINIMUM,
    sources: config.sourceNames,
  };
}

main().catch((error: unknown) => reportStartFailure('worker', error));
