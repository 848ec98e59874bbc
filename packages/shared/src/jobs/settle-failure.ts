import { UnrecoverableError, WaitingError } from 'bullmq';
import { fail, SafekeepError } from '../errors.js';
import type { Run } from '../history/runs.js';
import { describeError, type Logger } from '../logger.js';
import { persist } from './persist.js';
import type { QueuePlace } from './processor.js';
import { note } from './report-progress.js';

interface FailedAttempt {
  readonly run: Run;
  /** Id of the row that the job is about. */
  readonly subject: string;
  readonly logger: Logger;
}

/** How a failed attempt is written to history, under its run's token. */
interface Outcomes {
  /** Another attempt will come. */
  requeue(state: 'failed' | 'interrupted', error: SafekeepError): Promise<void>;
  /** No other attempt can help, or none is left. */
  giveUp(error: SafekeepError): Promise<void>;
}

/** Turns a failed attempt into one state in history and one answer to the queue, which it throws. */
export async function settleFailure(
  cause: unknown,
  attempt: FailedAttempt,
  { job, token, stop }: QueuePlace,
  outcomes: Outcomes,
): Promise<never> {
  const error = stop.aborted ? fail('RUN_INTERRUPTED') : named(cause, attempt.run);
  const facts = { queue: job.queueName, subject: attempt.subject, runId: attempt.run.id };
  attempt.logger.error('attempt ended', { ...facts, error: describeError(error) });
  note(job, `${error.code}: ${error.message}`);
  if (error.code === 'RUN_FENCED') throw new Error(error.code);
  if (stop.aborted) {
    await persist(() => outcomes.requeue('interrupted', error), attempt.logger);
    await job.moveToWait(token);
    throw new WaitingError();
  }
  if (error.retryable && job.attemptsMade + 1 < (job.opts.attempts ?? 1)) {
    await persist(() => outcomes.requeue('failed', error), attempt.logger);
    throw new Error(`${error.code}: ${error.message}`);
  }
  await outcomes.giveUp(error);
  throw new UnrecoverableError(`${error.code}: ${error.message}`);
}

/** An error of the catalogue for anything that was thrown; the queue and history never see another's text. */
function named(error: unknown, run: Run): SafekeepError {
  return error instanceof SafekeepError ? error : fail('JOB_FAILED', { runId: run.id }, error);
}
