import { type Processor, Worker } from 'bullmq';
import type { Secret } from '../config/secret.js';
import type { Logger } from '../logger.js';
import { createOutageLog } from '../outage-log.js';
import type { QueueName } from '../queues/contracts.js';
import { WORKER_SETTINGS, workerConnection } from '../queues/settings.js';

/** Takes jobs of one queue, with the lock settings of `queues/settings`, and logs what the queue reports. */
export function startQueueWorker(
  queue: QueueName,
  processor: Processor,
  config: { readonly REDIS_URL: Secret; readonly WORKER_CONCURRENCY: number },
  logger: Logger,
): Worker {
  const worker = new Worker(queue, processor, {
    ...WORKER_SETTINGS,
    connection: workerConnection(config.REDIS_URL),
    concurrency: config.WORKER_CONCURRENCY,
  });
  worker.on('error', createOutageLog(logger, 'queue'));
  worker.on('stalled', (jobId) => logger.warn('a job of a dead worker starts again', { queue, jobId }));
  worker.on('lockRenewalFailed', (jobIds) =>
    logger.warn('queue lock lost; the lease in history decides', { queue, jobIds }),
  );
  return worker;
}
