import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../scripts/services/postgres.js';
import { type RedisServer, startRedis } from '../../../scripts/services/redis.js';
import { scratchFolder } from '../../../scripts/services/scratch-folder.js';
import { Secret } from '../src/config/secret.js';
import { clientOptions, createHistoryPool } from '../src/history/database.js';
import { migrateHistory } from '../src/history/migrate.js';

const TEMPLATE = 'history_template';

let postgres: Promise<PostgresServer> | undefined;
let template: Promise<void> | undefined;

/** The PostgreSQL server of all tests of this package and of the worker's units; it ends with the process. */
export function postgresServer(): Promise<PostgresServer> {
  postgres ??= scratchFolder('safekeep-shared').then((directory) => startPostgres({ directory }));
  return postgres;
}

/** A Redis of one's own, to be stopped and started at will. */
export async function redisServer(): Promise<RedisServer> {
  return startRedis({ directory: await scratchFolder('safekeep-redis') });
}

/** Runs SQL as the superuser and gives the rows. */
export async function sql<Row extends pg.QueryResultRow>(
  database: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client(clientOptions(new Secret((await postgresServer()).url(database))));
  await client.connect();
  try {
    // Without values a text may hold several statements.
    return (await (values.length > 0 ? client.query<Row>(text, values) : client.query<Row>(text))).rows;
  } finally {
    await client.end();
  }
}

/** A new, empty database; its name. */
export async function emptyDatabase(): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await sql('postgres', `CREATE DATABASE ${name}`);
  return name;
}

export interface TestHistory {
  readonly database: string;
  readonly url: Secret;
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/** A history database of one's own at the newest schema. */
export async function openHistory(connections = 10): Promise<TestHistory> {
  template ??= makeTemplate();
  await template;
  const database = `history_${randomBytes(6).toString('hex')}`;
  await sql('postgres', `CREATE DATABASE ${database} TEMPLATE ${TEMPLATE}`);
  const url = new Secret((await postgresServer()).url(database));
  const pool = createHistoryPool(url, connections, () => {});
  return { database, url, pool, close: () => pool.end() };
}

async function makeTemplate(): Promise<void> {
  await sql('postgres', `CREATE DATABASE ${TEMPLATE}`);
  const url = new Secret((await postgresServer()).url(TEMPLATE));
  await migrateHistory({ HISTORY_DATABASE_URL: url, HISTORY_MIGRATIONS_URL: undefined });
}
