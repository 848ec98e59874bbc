import { findAbandonedBackups } from '@safekeep/shared/history/backups';
import { inTransaction } from '@safekeep/shared/history/database';
import { findAbandonedVerifications } from '@safekeep/shared/history/verifications';
import { describeError, type Logger } from '@safekeep/shared/logger';
import type { Producer } from '@safekeep/shared/queues/producer';
import type pg from 'pg';

/** Pause between two rounds, in milliseconds. */
const PAUSE = 15_000;

/**
 * Puts backups and verifications back on the queue whose jobs Redis has lost (it was emptied, or a job gave up), for history is the
 * truth. Every worker asks; the one that holds the lock for a moment does it.
 */
export function startReconciler(
  pool: pg.Pool,
  producer: Producer,
  logger: Logger,
): { close(): Promise<void> } {
  let round = Promise.resolve();
  const timer = setInterval(() => {
    round = requeueAbandoned(pool, producer, logger).catch((error: unknown) => {
      logger.warn('reconciler: round not finished, trying again', { error: describeError(error) });
    });
  }, PAUSE);
  return {
    close: async () => {
      clearInterval(timer);
      await round;
    },
  };
}

async function requeueAbandoned(pool: pg.Pool, producer: Producer, logger: Logger): Promise<void> {
  await inTransaction(pool, async (db) => {
    // Any fixed number; released with the transaction.
    const { rows } = await db.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock(7305006) AS mine');
    if (rows[0]?.mine !== true) return;
    for (const id of await findAbandonedBackups(db)) {
      const restored = await producer.restore('backup', 'full', id, { backupId: id });
      if (restored) logger.warn('a backup whose job was lost is on the queue again', { backupId: id });
    }
    for (const id of await findAbandonedVerifications(db)) {
      const restored = await producer.restore('verify', 'verify', id, { verificationId: id });
      if (restored)
        logger.warn('a verification whose job was lost is on the queue again', { verificationId: id });
    }
  });
}
