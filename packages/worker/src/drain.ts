import { describeError, type Logger } from '@safekeep/shared/logger';
import type { Worker } from 'bullmq';

/** How long running jobs may go on after SIGTERM before they are cancelled, in milliseconds. */
const DRAIN_GRACE = 15_000;
/** How long cancelled jobs may take to clean up before the process ends anyway, in milliseconds. */
const CANCEL_GRACE = 20_000;

/**
 * Resolves when a SIGTERM or SIGINT has been served: no new jobs, running ones get a grace, then they are cancelled,
 * clean up and go back to the queue for another worker. A second signal cancels at once.
 */
export function drainOnSignal(workers: readonly Worker[], logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    let drain: NodeJS.Timeout | undefined;
    const cancel = () => {
      clearTimeout(drain);
      for (const worker of workers) worker.cancelAllJobs('the worker stops');
      setTimeout(() => {
        logger.error('jobs did not end in time, leaving them to the next worker');
        process.exit(1);
      }, CANCEL_GRACE).unref();
    };
    const onSignal = (signal: NodeJS.Signals) => {
      if (drain !== undefined) return cancel();
      logger.info('worker stops', { signal });
      drain = setTimeout(cancel, DRAIN_GRACE);
      Promise.all(workers.map((worker) => worker.close())).then(
        () => {
          clearTimeout(drain);
          resolve();
        },
        (error: unknown) => {
          logger.warn('queue did not close cleanly', { error: describeError(error) });
          resolve();
        },
      );
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
