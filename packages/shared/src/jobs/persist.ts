import { setTimeout as delay } from 'node:timers/promises';
import { SafekeepError } from '../errors.js';
import { describeError, errorCode, type Logger } from '../logger.js';

const PAUSE = 2_000;

/** SQLSTATEs of statements that will never succeed: bad data, broken constraints, missing rights or tables. */
const PERMANENT = /^(22|23|42)...$/;

/**
 * Does a small piece of work on history until it succeeds, waiting out a database that is away; an answer of the
 * catalogue (such as RUN_FENCED) ends it, and so do a statement that can never succeed and `signal`, with its reason. The
 * work must be safe to repeat: an answer may have been lost.
 */
export async function persist<T>(work: () => Promise<T>, logger: Logger, signal?: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SafekeepError || PERMANENT.test(errorCode(error))) throw error;
      logger.warn('history not reachable, trying again', { error: describeError(error) });
      await delay(PAUSE, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      signal?.throwIfAborted();
    }
  }
}
