import type { Actor } from '../audit/audit.js';
import type { Verification } from '../contracts/verification.js';
import { requireBackup } from '../history/require-backup.js';
import { findVerification, insertVerification } from '../history/verifications.js';
import { acceptJob, type JobQueueing } from './accept-job.js';

interface VerificationRequest {
  readonly backupId: string;
  readonly via: 'api' | 'cli' | 'schedule';
  readonly actor: Actor;
  /** Free text of the person who asks. */
  readonly note: string | null;
}

/**
 * Accepts a verification of one stored backup.
 *
 * @throws SafekeepError BACKUP_UNKNOWN, BACKUP_DISPOSED, BACKUP_NOT_COMPLETED, QUEUE_UNAVAILABLE, QUEUE_FULL
 */
export async function requestVerification(
  queueing: JobQueueing,
  request: VerificationRequest,
): Promise<Verification> {
  const { backupId, actor } = request;
  return acceptJob(queueing, {
    table: 'verifications',
    actor,
    action: 'verification.request',
    target: backupId,
    detail: {},
    find: findVerification,
    insert: async (db, id) => {
      await requireBackup(db, backupId, 'completed', 'missing');
      const asked = { requestedVia: request.via, requestedBy: actor.id, note: request.note };
      return insertVerification(db, { id, backupId, ...asked });
    },
  });
}
