import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import { SafekeepError } from '../errors.js';
import { translateOutage } from '../history/outage.js';
import { describeError, errorCode, type Logger } from '../logger.js';
import { note } from './report-progress.js';

/** The most that a job waits for its turn, or for history to come back, before it asks again, in milliseconds. */
export const PAUSE = 5_000;

/** What became of a job's claim on history. */
export type Begun<Attempt> =
  | { readonly kind: 'attempt'; readonly attempt: Attempt }
  | { readonly kind: 'wait'; readonly reason: string; readonly pause: number }
  | { readonly kind: 'ended'; readonly status: string };

/** One claimed attempt's place in the queue. */
export interface QueuePlace {
  readonly job: Job;
  /** The queue's lock on the job. */
  readonly token: string | undefined;
  /** Aborts when the worker is told to stop. */
  readonly stop: AbortSignal;
}

interface Processing<Attempt> {
  readonly logger: Logger;
  /** Checks the job against its contract and claims its row in history. */
  readonly begin: (job: Job) => Promise<Begun<Attempt>>;
  readonly attempt: (attempt: Attempt, place: QueuePlace) => Promise<unknown>;
}

/**
 * The processor of a queue: a job without a claim waits or ends, one with a claim is attempted.
 * (BullMQ hands the signal only to a function that declares three parameters.)
 */
export function createProcessor<Attempt>(processing: Processing<Attempt>) {
  return async function process(job: Job, token: string | undefined, signal: AbortSignal | undefined) {
    const begun = await processing
      .begin(job)
      .catch((error: unknown) => waitForHistory(processing.logger, job, error));
    if (begun.kind === 'ended') return { status: begun.status };
    if (begun.kind === 'wait') {
      note(job, `waits: ${begun.reason}`);
      await job.moveToDelayed(Date.now() + begun.pause, token);
      throw new DelayedError();
    }
    return processing.attempt(begun.attempt, { job, token, stop: signal ?? new AbortController().signal });
  };
}

/** History that is away is waited for, for as long as it takes. The queue never sees the text of a driver's error. */
function waitForHistory(logger: Logger, job: Job, error: unknown): Begun<never> {
  if (error instanceof UnrecoverableError) throw error;
  logger.warn('the job could not begin', { jobId: job.id, error: describeError(error) });
  if (translateOutage(error) instanceof SafekeepError) {
    return { kind: 'wait', reason: 'history cannot be reached', pause: PAUSE };
  }
  throw new Error(`the job could not begin (${errorCode(error)}); see the worker's log`);
}
