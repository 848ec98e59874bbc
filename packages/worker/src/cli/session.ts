import { userInfo } from 'node:os';
import type { Actor } from '@safekeep/shared/audit/audit';
import { type ConfigOf, loadConfig } from '@safekeep/shared/config/load';
import { createHistoryPool } from '@safekeep/shared/history/database';
import { Producer } from '@safekeep/shared/queues/producer';
import type pg from 'pg';

/** The options of all verbs, as they were given. */
export interface CliOptions {
  readonly json: boolean;
  readonly source?: string;
  readonly wait?: boolean;
  readonly limit?: string;
  readonly status?: string;
  /** Filters of `audit list`. */
  readonly action?: string;
  readonly actor?: string;
  readonly target?: string;
  readonly since?: string;
  readonly until?: string;
  /** An event that `audit verify` printed earlier. */
  readonly expect?: string;
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly severity?: string;
  readonly state?: string;
  /** What `restore` was asked for. */
  readonly backup?: string;
  readonly into?: string;
  readonly tables?: string;
  readonly withRoles?: boolean;
  readonly withGrants?: boolean;
}

/** What a verb works with: history directly, and the queue when it asks for it. */
export interface CliSession {
  readonly options: CliOptions;
  readonly config: ConfigOf<'cli'>;
  readonly pool: pg.Pool;
  /** Who acts, for the audit trail: the user of the operating system. */
  readonly actor: Actor;
  /** Connects to Redis at the first call. */
  producer(): Producer;
  close(): Promise<void>;
}

/** @throws SafekeepError CONFIG_INVALID */
export function openSession(options: CliOptions): CliSession {
  const config = loadConfig(process.env, 'cli');
  // A connection that breaks shows in the query that needed it.
  const pool = createHistoryPool(config.HISTORY_DATABASE_URL, 2, () => {});
  let producer: Producer | undefined;
  return {
    options,
    config,
    pool,
    actor: localActor(),
    producer: () => {
      producer ??= new Producer(config.REDIS_URL, () => {});
      return producer;
    },
    close: async () => {
      await producer?.close();
      await pool.end();
    },
  };
}

/** The user of the operating system. */
export function localActor(): Actor {
  return { id: null, name: `cli:${userInfo().username}`, address: null };
}
