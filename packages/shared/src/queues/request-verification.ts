import type { Actor } from '../audit/audit.js';
import type { Verification } from '../contracts/verification.js';
import { fail } from '../errors.js';
import { findBackup } from '../history/backups.js';
import { insertVerification } from '../history/verifications.js';
import { requireKept } from '../policy/require-kept.js';
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
 * @throws SafekeepError BACKUP_UNKNOWN, BACKUP_DISPOSED, BACKUP_NOT_COMPLETED, QUEUE_UNAVAILABLE
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
    insert: async (id) => {
      const backup = await findBackup(queueing.pool, backupId);
      if (backup === null) throw fail('BACKUP_UNKNOWN', { id: backupId });
      requireKept(backup);
      if (backup.status !== 'completed' && backup.status !== 'missing') {
        throw fail('BACKUP_NOT_COMPLETED', { id: backup.id, status: backup.status });
      }
      const asked = { requestedVia: request.via, requestedBy: actor.id, note: request.note };
      return insertVerification(queueing.pool, { id, backupId, ...asked });
    },
  });
}
