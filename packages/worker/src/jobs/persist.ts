import { setTimeout as delay } from 'node:timers/promises';
import { SafekeepError } from '@safekeep/shared/errors';
import { describeError, type Logger } from '@safekeep/shared/logger';

const PAUSE = 2_000;

/**
 * Does a small piece of work on history until it succeeds, waiting out a database that is away; an answer of the
 * catalogue (such as RUN_FENCED) ends it, and so does `signal`. The work must be safe to repeat: an answer may have
 * been lost.
 */
export async function persist<T>(work: () => Promise<T>, logger: Logger, signal?: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SafekeepError) throw error;
      logger.warn('history not reachable, trying again', { error: describeError(error) });
      await delay(PAUSE, undefined, signal === undefined ? {} : { signal });
    }
  }
}
