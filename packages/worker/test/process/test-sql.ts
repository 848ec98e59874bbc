import { Secret } from '@safekeep/shared/config/secret';
import { clientOptions } from '@safekeep/shared/history/database';
import pg from 'pg';
import type { PostgresServer } from '../../../../scripts/services/postgres.js';

/** Tests ask these two again and again; a new session for each question took half of all processor time. */
const POOLED = ['history', 'postgres'];

/** How long a session may wait for the next question, in milliseconds: a test may want to drop its database. */
const IDLE = 300;

/** Sends statements to the databases of a server that a test may stop, kill and start again. */
export interface TestSql {
  query<T extends pg.QueryResultRow>(database: string, text: string): Promise<T[]>;
  close(): Promise<void>;
}

export function openTestSql(server: PostgresServer): TestSql {
  const pools = new Map<string, pg.Pool>();
  const poolOf = (database: string) => {
    const known = pools.get(database);
    if (known !== undefined) return known;
    const options = clientOptions(new Secret(server.url(database)));
    const pool = new pg.Pool({ ...options, max: 10, idleTimeoutMillis: IDLE, allowExitOnIdle: true });
    // A session that ended while nobody used it.
    pool.on('error', () => {});
    pools.set(database, pool);
    return pool;
  };
  return {
    query: async <T extends pg.QueryResultRow>(database: string, text: string) => {
      if (!POOLED.includes(database)) return await onNewSession<T>(server, database, text);
      try {
        return (await poolOf(database).query<T>(text)).rows;
      } catch (error) {
        if (!endedWithItsSession(error) || !/^\s*SELECT\b/.test(text)) throw error;
        // The server was killed, or the session ended, after it had become idle.
        return await onNewSession<T>(server, database, text);
      }
    },
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}

async function onNewSession<T extends pg.QueryResultRow>(
  server: PostgresServer,
  database: string,
  text: string,
): Promise<T[]> {
  const client = new pg.Client(clientOptions(new Secret(server.url(database))));
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

/** 57P01 to 57P05: the session was ended; without a SQLSTATE: the connection was. */
function endedWithItsSession(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || /^57P0/.test(error.code ?? '');
}
