import { findAbandonedBackups } from '@safekeep/shared/history/backups';
import { inTransaction } from '@safekeep/shared/history/database';
import { findAbandonedRows, JOB_TABLES, type JobTable } from '@safekeep/shared/history/job-rows';
import { shortenLeases } from '@safekeep/shared/history/runs';
import type { Logger } from '@safekeep/shared/logger';
import { jobOf } from '@safekeep/shared/queues/accept-job';
import type { QueueName } from '@safekeep/shared/queues/contracts';
import type { Producer } from '@safekeep/shared/queues/producer';
import type pg from 'pg';

/**
 * Puts rows back on the queue whose jobs Redis has lost (it was emptied, or a job gave up), for history is the truth, and
 * lets jobs begin that a wrong clock has put off.
 * Every worker asks; the one that holds the lock for a moment does it.
 */
export async function requeueAbandoned(pool: pg.Pool, producer: Producer, logger: Logger): Promise<void> {
  const hasten = async (queue: QueueName, id: string) => {
    if (await producer.hasten(queue, id)) {
      logger.warn('a job that a wrong clock had put off begins now', { queue, id });
    }
  };
  await inTransaction(pool, async (db) => {
    // Any fixed number; released with the transaction.
    const { rows } = await db.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock(7305006) AS mine');
    if (rows[0]?.mine !== true) return;
    await shortenLeases(db);
    for (const { id, requestedType } of await findAbandonedBackups(db)) {
      const name = requestedType === 'incremental' ? 'incremental' : 'full';
      const restored = await producer.restore('backup', name, id, { backupId: id });
      if (restored) logger.warn('a backup whose job was lost is on the queue again', { backupId: id });
      else await hasten('backup', id);
    }
    for (const table of Object.keys(JOB_TABLES) as JobTable[]) {
      for (const id of await findAbandonedRows(db, table)) {
        const restored = await producer.restore(...jobOf(table, id));
        if (restored) logger.warn('a job that was lost is on the queue again', { table, id });
        // Notifications are meant to wait for long between their attempts.
        else if (table !== 'notifications') await hasten(JOB_TABLES[table].queue, id);
      }
    }
  });
}
