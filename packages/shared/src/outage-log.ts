import { describeError, type Logger } from './logger.js';

/** A lost connection is tried again several times a second, by several clients; one line in this time will do. */
const PAUSE = 30_000;

/** Logs the errors of one part's connections, at most one line per pause. */
export function createOutageLog(logger: Logger, part: 'history' | 'redis' | 'queue'): (error: Error) => void {
  let quietUntil = 0;
  return (error) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + PAUSE;
    logger.warn('connection error', { part, error: describeError(error) });
  };
}
