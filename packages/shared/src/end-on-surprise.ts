import { describeError, type Logger } from './logger.js';

/**
 * Ends the process at an error that nobody caught, with one line in the log. Node itself would print the error with its
 * message, and PostgreSQL's messages quote row values.
 */
export function endOnSurprise(logger: Logger): void {
  process.on('uncaughtException', (error) => {
    logger.error('the process ends', { error: describeError(error) });
    process.exit(1);
  });
}
