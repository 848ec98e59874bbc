import { claimNotification } from '../history/notifications.js';
import { describeError } from '../logger.js';
import { attemptNotification, type NotifyDeps } from '../notify/attempt-notification.js';
import { jobOf } from '../queues/accept-job.js';
import type { Producer } from '../queues/producer.js';
import { type Evaluation, evaluateAlerts } from './evaluate.js';

/** Pause between two looks, in milliseconds. */
const PAUSE = 30_000;

export interface AlertWatch extends NotifyDeps {
  readonly producer: Producer;
  readonly notifyOnSuccess: boolean;
}

/**
 * Evaluates the alert rules at once and then again and again. API and workers both do: with no worker alive somebody
 * must tell, and with no API too.
 */
export function watchAlerts(watch: AlertWatch): { close(): Promise<void> } {
  const started = performance.now();
  const closing = new AbortController();
  const look = () =>
    lookOnce(watch, (performance.now() - started) / 1000, closing.signal).catch((error: unknown) => {
      watch.logger.warn('alerts: look not finished, trying again', { error: describeError(error) });
    });
  let running: Promise<void> | null = null;
  const begin = () => {
    running ??= look().finally(() => {
      running = null;
    });
  };
  begin();
  const timer = setInterval(begin, PAUSE);
  return {
    close: async () => {
      clearInterval(timer);
      closing.abort();
      await running;
    },
  };
}

/**
 * One look: alerts and notifications in history, then the notifications' jobs. Once `stop` is aborted, what is left of
 * these waits for the next look, of whatever process.
 */
export async function lookOnce(watch: AlertWatch, watchedSeconds: number, stop?: AbortSignal): Promise<void> {
  const evaluation = await evaluateAlerts(watch, watchedSeconds);
  if (evaluation === null) return;
  logChanges(watch, evaluation);
  let queueIsAway = false;
  for (const id of evaluation.unsent) {
    if (stop?.aborted) return;
    if (!queueIsAway) {
      queueIsAway = await watch.producer.restore(...jobOf('notifications', id)).then(
        () => false,
        () => true,
      );
    }
    // Whoever must be told that something is wrong must be told also when the queue is what is wrong.
    if (queueIsAway) await sendHere(watch, id, stop);
  }
}

async function sendHere(watch: AlertWatch, id: string, stop?: AbortSignal): Promise<void> {
  const claimed = await claimNotification(watch.pool, id);
  if (claimed !== null) await attemptNotification(watch, claimed, stop);
}

function logChanges({ logger }: AlertWatch, { changes }: Evaluation): void {
  for (const { rule, severity, source, message } of changes.raise) {
    logger.warn('alert raised', { rule, severity, source, text: message });
  }
  for (const { rule, source } of changes.resolve) logger.info('alert resolved', { rule, source });
}
