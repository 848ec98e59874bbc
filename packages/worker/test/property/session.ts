import { Secret } from '@safekeep/shared/config/secret';
import { clientOptions } from '@safekeep/shared/history/database';
import pg from 'pg';
import { QUIET } from './decorate.js';

/** How long a change waits for another's lock, in milliseconds: it gives up, as an application would. */
const LOCK_TIMEOUT = 400;

/** A connection to the source as its applications have it: triggers and rules let it write. */
export async function openSession(url: string): Promise<pg.Client> {
  const client = new pg.Client(clientOptions(new Secret(url)));
  // A statement of a connection that breaks reports it.
  client.on('error', () => {});
  await client.connect();
  await client.query(
    `SET ${QUIET} = 'on'; SET lock_timeout = ${LOCK_TIMEOUT}; SET client_min_messages = error`,
  );
  return client;
}

export async function runSql(url: string, ...statements: readonly string[]): Promise<void> {
  const client = await openSession(url);
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
