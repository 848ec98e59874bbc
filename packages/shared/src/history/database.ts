import pg from 'pg';
import { toClientConfig } from 'pg-connection-string';
import { parsePostgresUrl } from '../config/postgres-url.js';
import type { Secret } from '../config/secret.js';
import { isLostConnection } from './outage.js';

/** A pool, or one client of it inside a transaction: every repository function takes this as its first argument. */
export type Database = pg.Pool | pg.ClientBase;

/** int8 as a number: every bigint here is a count of bytes, rows or events, far below 2^53. */
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);

/**
 * A connection over which nothing comes is asked for a sign of life after this long, in milliseconds; Node.js and Linux
 * give up some seconds later, without this after two hours.
 */
const KEEPALIVE_AFTER = 30_000;

/**
 * Client options from a URL, with libpq's meaning of `sslmode` (`require` encrypts without checking the certificate,
 * `verify-full` checks it), so that pg_dump and this driver understand one URL alike.
 */
export function clientOptions(url: Secret): pg.ClientConfig {
  const alive = { keepAlive: true, keepAliveInitialDelayMillis: KEEPALIVE_AFTER };
  return { ...toClientConfig(parsePostgresUrl(url)), ...alive, application_name: 'safekeep', types };
}

/** A pool for the history database. Connections that die while idle are replaced at the next use. */
export function createHistoryPool(url: Secret, maximum: number, onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({
    ...clientOptions(url),
    max: maximum,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    query_timeout: 30_000,
  });
  pool.on('error', onError);
  return pool;
}

/** A frozen process would keep its locks, and with them everybody else, for as long as it is frozen. */
const BEGIN = `BEGIN; SET LOCAL idle_in_transaction_session_timeout = '60s'`;

/** Runs `work` in one transaction; any error rolls it back and is thrown on. */
export async function inTransaction<T>(pool: pg.Pool, work: (db: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // The pool listens to idle clients alone, and an error that nobody listens to ends the process. The query reports it.
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query(BEGIN);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((reason: Error) => {
      broken = reason;
    });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/**
 * A transaction that is done once more, at once, when its connection ended and the answer was lost. The first one may
 * have been carried out, so `work` must be safe to repeat.
 */
export async function inRepeatableTransaction<T>(
  pool: pg.Pool,
  work: (db: pg.PoolClient) => Promise<T>,
): Promise<T> {
  try {
    return await inTransaction(pool, work);
  } catch (error) {
    if (!isLostConnection(error)) throw error;
    return inTransaction(pool, work);
  }
}
