import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';

/** How long a server may take to close a connection, in milliseconds. */
const GRACE = 2_000;

/** Ends a connection, also one whose other end never answers again. May be called twice. */
export async function hangUp(client: pg.Client): Promise<void> {
  const ended = client.end().catch(() => {});
  const late = new AbortController();
  await Promise.race([ended, delay(GRACE, undefined, { signal: late.signal }).catch(() => {})]);
  late.abort();
  client.connection.stream.destroy();
}
