import type { Source } from '@safekeep/shared/config/sources';
import { fail } from '@safekeep/shared/errors';
import { clientOptions } from '@safekeep/shared/history/database';
import { errorCode } from '@safekeep/shared/logger';
import pg from 'pg';
import { hangUp } from './hang-up.js';

/** Between two questions, and for each answer, in milliseconds. */
const PAUSE = 10_000;
/** A source that gave no sign for so long is given up, in milliseconds. Moving a virtual machine takes less. */
const SILENCE = 60_000;

/** Errors that come from a server, however they were meant: it lives. A SQLSTATE has five characters. */
const isAnswer = (error: unknown) => /^[0-9A-Z]{5}$/.test(errorCode(error));

export interface SourceWatch {
  /** Aborts with SOURCE_SILENT. */
  readonly signal: AbortSignal;
  close(): void;
}

/**
 * Notices a source that went silent while its connections stay open: a firewall that drops packets, a proxy or a server
 * that hangs. TCP alone would wait for hours or, where something in between answers for the server, for ever. As long as
 * `progress` changes nobody is asked anything that counts, so a server that is too busy for new connections is left in peace.
 *
 * @param progress tells how far the work is
 */
export function watchSource(source: Source, progress: () => string): SourceWatch {
  const abort = new AbortController();
  let heard = performance.now();
  let seen = progress();
  let closed = false;
  let timer: NodeJS.Timeout;
  const look = async () => {
    const now = progress();
    if (now !== seen || (await answers(source))) heard = performance.now();
    seen = now;
    if (closed) return;
    if (performance.now() - heard < SILENCE) timer = setTimeout(() => void look(), PAUSE);
    else abort.abort(fail('SOURCE_SILENT', { source: source.name, seconds: SILENCE / 1_000 }));
  };
  timer = setTimeout(() => void look(), PAUSE);
  return {
    signal: abort.signal,
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** Over a new connection: one that is there may be broken while the source is well. */
async function answers(source: Source): Promise<boolean> {
  const client = new pg.Client({ ...clientOptions(source.url), connectionTimeoutMillis: PAUSE });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch (error) {
    return isAnswer(error);
  } finally {
    void hangUp(client);
  }
}
