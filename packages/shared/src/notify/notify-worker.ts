import { DelayedError, type Job, UnrecoverableError, type Worker } from 'bullmq';
import type { Secret } from '../config/secret.js';
import { type ClaimedNotification, claimNotification } from '../history/notifications.js';
import { type Begun, createProcessor } from '../jobs/processor.js';
import { startQueueWorker } from '../jobs/queue-worker.js';
import { note } from '../jobs/report-progress.js';
import { jobContracts } from '../queues/contracts.js';
import { attemptNotification, type NotifyDeps } from './attempt-notification.js';

/** Notifications that one process sends at a time. */
const CONCURRENCY = 4;

/** Takes the jobs of queue `notify`. API and workers both do: with no worker alive somebody must tell. */
export function startNotifyWorker(deps: NotifyDeps, redis: Secret): Worker {
  const processor = createProcessor<ClaimedNotification>({
    logger: deps.logger,
    begin: (job) => begin(deps, job),
    attempt: async (claimed, { job, token }) => {
      const end = await attemptNotification(deps, claimed);
      note(job, end.status === 'sent' ? `sent to ${claimed.channel}` : end.reason);
      if (end.status === 'failed') throw new UnrecoverableError(end.reason);
      if (end.status === 'sent') return { status: end.status };
      // History counts the attempts, for the queue may forget.
      await job.moveToDelayed(Date.now() + deps.pauseAfter(claimed.attempts), token);
      throw new DelayedError();
    },
  });
  const config = { REDIS_URL: redis, WORKER_CONCURRENCY: CONCURRENCY };
  return startQueueWorker('notify', processor, config, deps.logger);
}

async function begin(deps: NotifyDeps, job: Job): Promise<Begun<ClaimedNotification>> {
  const data = jobContracts.notify.notify.safeParse(job.data);
  if (!data.success) throw new UnrecoverableError('the job does not keep its contract');
  const claimed = await claimNotification(deps.pool, data.data.notificationId);
  return claimed === null ? { kind: 'ended', status: 'ended' } : { kind: 'attempt', attempt: claimed };
}
