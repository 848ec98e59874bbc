import { hostname } from 'node:os';
import pg from 'pg';
import winston from 'winston';
import { SafekeepError } from './errors.js';
import { openLogFile } from './log-file.js';

export type Logger = winston.Logger;

interface LoggerOptions {
  readonly service: 'api' | 'worker' | 'cli';
  readonly level: string;
  /** Also append to this file (LOG_FILE). */
  readonly file?: string | undefined;
}

/** Every level: what the command line prints on standard output is its result alone. */
const TO_STDERR = ['error', 'warn', 'info', 'debug'];

/** JSON lines on stdout (of the command line: stderr) and, where asked, in a file. Errors appear only as `describeError` shows them. */
export function createLogger(options: LoggerOptions): Logger {
  const transports: winston.transport[] = [
    new winston.transports.Console(options.service === 'cli' ? { stderrLevels: TO_STDERR } : {}),
  ];
  if (options.file !== undefined) {
    const tell = (error: unknown) =>
      logger.error('LOG_FILE cannot be written, lines are lost there', { code: errorCode(error) });
    transports.push(new winston.transports.Stream({ stream: openLogFile(options.file, tell) }));
  }
  const logger = winston.createLogger({
    level: options.level,
    defaultMeta: { service: options.service, host: hostname(), pid: process.pid },
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
    transports,
  });
  return logger;
}

interface ErrorFacts {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly cause?: ErrorFacts;
}

/**
 * What may be logged of an error. The texts of PostgreSQL quote row values and those of other libraries may quote
 * URLs, so of an error that is not from the catalogue only its class, code (SQLSTATE, errno) and place are kept.
 */
export function describeError(error: unknown): ErrorFacts {
  if (error instanceof SafekeepError) {
    const facts = { code: error.code, message: error.message, hint: error.hint };
    return error.cause === undefined ? facts : { ...facts, cause: describeError(error.cause) };
  }
  if (error instanceof pg.DatabaseError) {
    return {
      code: error.code ?? 'unknown',
      message: `PostgreSQL error in ${error.routine ?? 'an unnamed routine'}`,
    };
  }
  if (error instanceof Error)
    return { code: errorCode(error), message: `${error.name} at ${firstFrame(error)}` };
  return { code: 'unknown', message: typeof error };
}

/** The machine-readable code of any error: the catalogue's, a SQLSTATE, an errno name, or `unknown`. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'unknown';
}

/** The stack begins with the message, lines of which may look like a place: that part is passed over. */
function firstFrame(error: Error): string {
  const stack = error.stack ?? '';
  const rest = stack.replace(/^[\w$]+(?: \[\w+\])?(?:: )?/, '');
  const frames = rest.startsWith(error.message) ? rest.slice(error.message.length) : '';
  return /^\n {4}at (.+)/.exec(frames)?.[1] ?? 'an unknown place';
}
