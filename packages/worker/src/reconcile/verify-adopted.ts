import { appendAudit } from '@safekeep/shared/audit/audit';
import { inTransaction } from '@safekeep/shared/history/database';
import { insertAdoptedVerifications } from '@safekeep/shared/history/verifications';
import { describeError, type Logger } from '@safekeep/shared/logger';
import { jobOf } from '@safekeep/shared/queues/accept-job';
import type { Producer } from '@safekeep/shared/queues/producer';
import type pg from 'pg';
import { WORKER } from '../actor.js';

interface VerifyAdoptedDeps {
  readonly pool: pg.Pool;
  readonly producer: Producer;
  readonly logger: Logger;
}

/**
 * Asks for a verification of every backup that history took in: its sidecar says what its file was when it was published,
 * and not what became of it since. Until then it counts; where the verification fails nothing builds on it.
 */
export async function verifyAdopted(deps: VerifyAdoptedDeps, source: string): Promise<void> {
  const { pool, producer, logger } = deps;
  const asked = await inTransaction(pool, async (db) => {
    const rows = await insertAdoptedVerifications(db, source);
    for (const { id, backupId } of rows) {
      const event = {
        actor: WORKER,
        action: 'verification.request',
        target: backupId,
        detail: { id },
      } as const;
      await appendAudit(db, { ...event, result: 'ok' });
    }
    return rows;
  });
  for (const { id } of asked) {
    await producer.enqueue(...jobOf('verifications', id)).catch((error: unknown) => {
      logger.warn('a verification waits in history for the queue', { id, error: describeError(error) });
    });
  }
}
