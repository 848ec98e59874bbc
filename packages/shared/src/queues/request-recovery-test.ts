import type { Actor } from '../audit/audit.js';
import type { RecoveryTest } from '../contracts/recovery-test.js';
import { findRecoveryTest, insertRecoveryTest } from '../history/recovery-tests.js';
import { requireBackup } from '../history/require-backup.js';
import { acceptJob, type JobQueueing } from './accept-job.js';

export interface RecoveryTestRequest {
  readonly backupId: string;
  readonly via: 'api' | 'cli' | 'schedule';
  readonly actor: Actor;
  /** Free text of the person who asks. */
  readonly note: string | null;
}

/**
 * Accepts a recovery test of one completed backup; it need not be verified.
 *
 * @throws SafekeepError BACKUP_UNKNOWN, BACKUP_DISPOSED, BACKUP_NOT_COMPLETED, QUEUE_UNAVAILABLE, QUEUE_FULL
 */
export async function requestRecoveryTest(
  queueing: JobQueueing,
  request: RecoveryTestRequest,
): Promise<RecoveryTest> {
  const { backupId, actor } = request;
  return acceptJob(queueing, {
    table: 'recovery_tests',
    actor,
    action: 'recovery-test.request',
    target: backupId,
    detail: {},
    find: findRecoveryTest,
    insert: async (db, id) => {
      await requireBackup(db, backupId, 'completed');
      const asked = { requestedVia: request.via, requestedBy: actor.id, note: request.note };
      return insertRecoveryTest(db, { id, backupId, ...asked });
    },
  });
}
