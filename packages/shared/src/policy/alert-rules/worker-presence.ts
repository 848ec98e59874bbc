import type { AlertFacts, WorkerFacts } from '../alert-facts.js';

/** A worker that was silent for longer is not there, in milliseconds. */
export const ABSENT_AFTER = 60_000;

/** The workers that carry out jobs now. */
export function livingWorkers({ workers, now }: Pick<AlertFacts, 'workers' | 'now'>): WorkerFacts[] {
  return workers.filter(
    (worker) => !worker.stopped && now.getTime() - worker.seenAt.getTime() <= ABSENT_AFTER,
  );
}
