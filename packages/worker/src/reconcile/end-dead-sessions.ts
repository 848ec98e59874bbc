import type { Source } from '@safekeep/shared/config/sources';
import { clientOptions } from '@safekeep/shared/history/database';
import { describeError, type Logger } from '@safekeep/shared/logger';
import pg from 'pg';
import { endSessions } from '../postgres/end-sessions.js';
import { hangUp } from '../postgres/hang-up.js';
import { sessionNameOf } from '../postgres/session-name.js';

/** How long a source may take to answer, in milliseconds. */
const PATIENCE = 10_000;

/**
 * Ends what dead runs left on their source's server: a session whose machine is gone keeps its snapshot, which holds back the
 * vacuum, and its locks, until the server notices. A source that cannot be reached now, or that refuses, is told and no
 * more: what comes next does not depend on it.
 */
export async function endDeadSessions(
  source: Source,
  runIds: readonly string[],
  logger: Logger,
): Promise<void> {
  const client = new pg.Client({
    ...clientOptions(source.url),
    connectionTimeoutMillis: PATIENCE,
    query_timeout: PATIENCE,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { found, left } = await endSessions(client, runIds.map(sessionNameOf));
    if (found > 0) logger.warn('ended sessions of dead runs', { source: source.name, found, left });
  } catch (error) {
    logger.warn('sessions of dead runs could not be looked for', {
      source: source.name,
      error: describeError(error),
    });
  } finally {
    await hangUp(client);
  }
}
