import { fail } from '../errors.js';
import { errorCode } from '../logger.js';

/** Errno names of a server that cannot be reached, or not any more. */
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * SQLSTATEs of a server that answers but cannot serve: lost connections (08), refused logins (28), no such database
 * (3D), too many connections (53300), shutting down or starting (57P), read-only after a failover (25006), a transaction
 * that was silent for too long (25P03).
 */
const STATES = /^(08...|28...|3D000|53300|57P0[1-4]|25006|25P03)$/;

/** A connection that ended while an answer was awaited: what was asked for may have been done. */
const ENDED = /^(Connection terminated|Client has encountered a connection error)/;
const ENDED_CODES = new Set(['ECONNRESET', 'EPIPE', '57P01', '57P02', '25P03']);

export function isLostConnection(error: unknown): boolean {
  const message = error instanceof Error ? error.message : '';
  return ENDED_CODES.has(errorCode(error)) || ENDED.test(message);
}

/** The driver has no codes for what it finds out itself. */
const DRIVER =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/;

/**
 * Turns an error of a query on the history database into HISTORY_UNAVAILABLE where the database cannot be reached,
 * and into HISTORY_EMPTY where it has no tables yet. Any other error comes back as it is.
 */
export function translateOutage(error: unknown): unknown {
  const code = errorCode(error);
  if (code === '42P01') return fail('HISTORY_EMPTY', {}, error);
  const message = error instanceof Error ? error.message : '';
  // A missing socket file is ENOENT, as a missing file of any other kind would be.
  const connecting = (error as { syscall?: unknown } | null)?.syscall === 'connect';
  const out = connecting || NETWORK.has(code) || STATES.test(code) || DRIVER.test(message);
  return out ? fail('HISTORY_UNAVAILABLE', {}, error) : error;
}
