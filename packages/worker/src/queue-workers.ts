import type { ConfigOf } from '@safekeep/shared/config/load';
import { REPORTS_FOLDER } from '@safekeep/shared/config/sources';
import { byName } from '@safekeep/shared/jobs/by-name';
import { startQueueWorker } from '@safekeep/shared/jobs/queue-worker';
import { startNotifyWorker } from '@safekeep/shared/notify/notify-worker';
import type { RetentionPolicy } from '@safekeep/shared/policy/retention';
import type { QueueName } from '@safekeep/shared/queues/contracts';
import { LocalStorage } from '@safekeep/shared/storage/local';
import type { Processor, Worker } from 'bullmq';
import { createBackupProcessor } from './jobs/backup-processor.js';
import { createCleanupProcessor } from './jobs/cleanup-processor.js';
import { createDueProcessor } from './jobs/due.js';
import { createRecoveryTestProcessor } from './jobs/recovery-test-processor.js';
import { createReportProcessor } from './jobs/report-processor.js';
import { reportSettings } from './jobs/report-settings.js';
import { createRestoreProcessor } from './jobs/restore-processor.js';
import { createVerifyProcessor } from './jobs/verify-processor.js';
import type { Services } from './services.js';

/** Takes the jobs of every queue. */
export function startQueueWorkers(services: Services): Worker[] {
  const { config, logger } = services;
  const due = createDueProcessor(services);
  const start = (queue: QueueName, jobs: Readonly<Record<string, Processor>>) =>
    startQueueWorker(queue, byName({ ...jobs, due }), config, logger);
  const backup = backupProcessor(services);
  return [
    start('backup', { full: backup, incremental: backup }),
    start('verify', { verify: createVerifyProcessor(services) }),
    start('restore-test', {
      'restore-test': recoveryTestProcessor(services),
      restore: restoreProcessor(services),
    }),
    start('report', { report: reportProcessor(services) }),
    start('cleanup', { cleanup: createCleanupProcessor({ ...services, policy: retentionPolicy(config) }) }),
    startNotifyWorker(services.notify, config.REDIS_URL),
  ];
}

function backupProcessor(services: Services) {
  const { sources, BACKUP_COMPRESSION: compression, BACKUP_FINGERPRINT: fingerprint } = services.config;
  const lockTimeout = services.config.BACKUP_LOCK_TIMEOUT * 1_000;
  return createBackupProcessor({ ...services, sources, compression, fingerprint, lockTimeout });
}

function recoveryTestProcessor(services: Services) {
  const { RTO_TARGET, RPO_TARGET, CRITICAL_TABLES: criticalTables } = services.config;
  const targets = { rtoTargetSeconds: RTO_TARGET, rpoTargetSeconds: RPO_TARGET };
  return createRecoveryTestProcessor({ ...services, targets, criticalTables });
}

function restoreProcessor(services: Services) {
  const { sources, RESTORE_DATABASE_URL: restoreUrl, HISTORY_DATABASE_URL: historyUrl } = services.config;
  return createRestoreProcessor({ ...services, sources, restoreUrl, historyUrl });
}

function reportProcessor({ pool, logger, config }: Services) {
  const storage = new LocalStorage(config.BACKUP_DIR, REPORTS_FOLDER);
  return createReportProcessor({ pool, logger, settings: reportSettings(config), storage });
}

function retentionPolicy(config: ConfigOf<'worker'>): RetentionPolicy {
  return {
    fullDays: config.BACKUP_RETENTION_FULL_DAYS,
    incrementalDays: config.BACKUP_RETENTION_INCREMENTAL_DAYS,
    keepMinimum: config.BACKUP_KEEP_MINIMUM,
    sources: config.sourceNames,
  };
}
