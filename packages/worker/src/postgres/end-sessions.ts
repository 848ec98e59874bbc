import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';

/** How long sessions may take to end, in milliseconds; one whose machine or disk hangs may take longer. */
const PATIENCE = 5_000;
const PAUSE = 50;

/** A role may end its own sessions without further rights, so others' are left out, whatever they call themselves. */
const OWN_SESSIONS = `
  FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.unnest($1::text[]) name
    ON pg_catalog.left(a.application_name, pg_catalog.length(name)) = name
  WHERE a.usename = current_user AND a.pid <> pg_catalog.pg_backend_pid()`;

/**
 * Ends this role's sessions whose names begin with one of `names`, and waits for a moment until they are gone. Their client
 * need not be there any more: the server may not notice that for hours.
 *
 * @returns how many were there, and how many still are
 */
export async function endSessions(
  client: pg.Client,
  names: readonly string[],
): Promise<{ readonly found: number; readonly left: number }> {
  const ended = await client.query(`SELECT pg_catalog.pg_terminate_backend(a.pid) ${OWN_SESSIONS}`, [names]);
  const found = ended.rowCount ?? 0;
  const until = performance.now() + PATIENCE;
  let left = found;
  while (left > 0 && performance.now() < until) {
    await delay(PAUSE);
    left = (await client.query(`SELECT ${OWN_SESSIONS}`, [names])).rowCount ?? 0;
  }
  return { found, left };
}
