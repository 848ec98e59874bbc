import type { RedisOptions, WorkerOptions } from 'bullmq';
import type { Secret } from '../config/secret.js';
import { nextDue } from '../policy/due.js';
import { QUEUE_PREFIX } from './contracts.js';

/** A producer must know within this time whether its job was taken, in milliseconds. */
export const PRODUCER_DEADLINE = 800;

/** Connection of API and CLI: fails at once while Redis is away, so that a request is answered instead of parked. */
export function producerConnection() {
  return {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: PRODUCER_DEADLINE,
    commandTimeout: PRODUCER_DEADLINE,
    // A client that is closed while Redis is away keeps its process alive for this long.
    disconnectTimeout: 100,
    retryStrategy: reconnectDelay,
  };
}

/** Connection of a worker: waits for Redis for ever. */
export function workerConnection(url: Secret): RedisOptions {
  return { url: url.reveal(), maxRetriesPerRequest: null, retryStrategy: reconnectDelay };
}

function reconnectDelay(times: number): number {
  return Math.min(times * 100, 2_000);
}

/** When a scheduler comes due is our own decision: the library's loses due times when clocks change. */
export const SCHEDULER_SETTINGS = {
  repeatStrategy: (millis: number, { pattern, tz }: { pattern?: string; tz?: string }) =>
    nextDue({ cron: pattern ?? null, timezone: tz ?? 'UTC' }, new Date(millis))?.getTime(),
} as const;

/**
 * How workers hold their jobs. A killed worker's lock lapses within `lockDuration` and is found within
 * `stalledInterval`, so its job starts again within 90 s. Jobs that kill their worker are capped by
 * history (MAXIMUM_ATTEMPTS), for the queue forgets its own count with the job.
 */
export const WORKER_SETTINGS = {
  prefix: QUEUE_PREFIX,
  lockDuration: 60_000,
  stalledInterval: 10_000,
  maxStalledCount: 5,
  settings: SCHEDULER_SETTINGS,
} as const satisfies Partial<WorkerOptions>;

/** Attempts of one job and the pause between them; the history row stays `queued` meanwhile. */
export const JOB_SETTINGS = {
  attempts: 4,
  backoff: { type: 'exponential', delay: 5_000 },
  removeOnComplete: { count: 1_000 },
  removeOnFail: { count: 1_000 },
  // A job that waits for its turn adds a line each time it asks.
  keepLogs: 100,
} as const;

/** The longest that a job of a row is ever put off, in milliseconds: the last pause of JOB_SETTINGS is 20 s. */
export const LONGEST_PAUSE = 60_000;

/** A due time that could not be served now is served by a reconciler, so its job may fail. */
export const DUE_JOB_SETTINGS = {
  ...JOB_SETTINGS,
  removeOnComplete: { count: 100 },
  removeOnFail: { count: 100 },
} as const;
