import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { keyId } from '@safekeep/archive/key';
import type { Secret } from '@safekeep/shared/config/secret';
import { endPresence, showPresence } from '@safekeep/shared/history/workers';
import { describeError, type Logger } from '@safekeep/shared/logger';
import type pg from 'pg';

/** Between two signs of life, in milliseconds; after 60 s without one the others believe that no worker is there. */
const PAUSE = 10_000;

/** Shows in history that this worker lives and which key it has, until it is told to stop. */
export function keepPresence(
  pool: pg.Pool,
  worker: { readonly sources: readonly string[]; readonly encryptionKey: Secret },
  logger: Logger,
): { close(): Promise<void> } {
  const presence = {
    id: randomUUID(),
    name: `${hostname()}:${process.pid}`,
    keyId: keyId(worker.encryptionKey.reveal()),
    sources: worker.sources,
  };
  const attempt = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      logger.warn('presence not shown', { error: describeError(error) });
    });
  let last = attempt(showPresence(pool, presence));
  const timer = setInterval(() => {
    last = attempt(showPresence(pool, presence));
  }, PAUSE);
  return {
    close: async () => {
      clearInterval(timer);
      await last;
      await attempt(endPresence(pool, presence.id));
    },
  };
}
