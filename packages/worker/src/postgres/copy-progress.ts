import type { Secret } from '@safekeep/shared/config/secret';
import { clientOptions } from '@safekeep/shared/history/database';
import pg from 'pg';
import { hangUp } from './hang-up.js';

/** Pause between two looks, in milliseconds. */
const PAUSE = 1_000;

/** Rows that the COPY of a table has sent so far (servers from PostgreSQL 14 tell). */
const COPIES = `
  SELECT p.relid::int8 AS oid, p.tuples_processed AS rows
  FROM pg_catalog.pg_stat_progress_copy p JOIN pg_catalog.pg_stat_activity a USING (pid)
  WHERE a.application_name = $1`;

/**
 * Watches how many rows of its current table a pg_dump has read, on a connection of its own. It serves the progress
 * bar alone: where it does not work (older servers, no free connection), the bar falls back on sizes.
 */
export function watchCopy(
  url: Secret,
  applicationName: string,
  onRows: (oid: number, rows: number) => void,
): { close(): Promise<void> } {
  const client = new pg.Client({
    ...clientOptions(url),
    application_name: `${applicationName}-watch`,
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => {});
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const look = async () => {
    const { rows } = await client.query<{ oid: number; rows: number }>(COPIES, [applicationName]);
    for (const copy of rows) onRows(copy.oid, copy.rows);
    if (!closed) timer = setTimeout(() => void look().catch(() => {}), PAUSE);
  };
  client
    .connect()
    .then(look)
    .catch(() => {});
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await hangUp(client);
    },
  };
}
