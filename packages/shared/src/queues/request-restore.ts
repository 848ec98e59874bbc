import type { Actor } from '../audit/audit.js';
import type { Restore, RestoreRequestBody } from '../contracts/restore.js';
import { fail } from '../errors.js';
import { requireBackup } from '../history/require-backup.js';
import { findRestore, insertRestore } from '../history/restores.js';
import { acceptJob, type JobQueueing } from './accept-job.js';

interface RestoreRequest extends RestoreRequestBody {
  readonly via: 'api' | 'cli';
  readonly actor: Actor;
}

/**
 * Accepts a restore of one stored backup into a database. Whether that database may be used, only a worker can see: it
 * looks before it touches anything, and ends the row with RESTORE_REFUSED when it may not.
 *
 * @throws SafekeepError BACKUP_UNKNOWN, BACKUP_DISPOSED, BACKUP_NOT_COMPLETED, TARGET_BUSY, QUEUE_UNAVAILABLE, QUEUE_FULL
 */
export async function requestRestore(queueing: JobQueueing, request: RestoreRequest): Promise<Restore> {
  const { backupId, targetDatabase, withRoles, withGrants, actor } = request;
  const tables = request.tables ?? null;
  return acceptJob(queueing, {
    table: 'restores',
    actor,
    action: 'restore.request',
    target: backupId,
    detail: { targetDatabase, tables: tables === null ? 'all' : tables.length, withRoles, withGrants },
    find: findRestore,
    insert: async (db, id) => {
      await requireBackup(db, backupId, 'completed', 'missing');
      const asked = { requestedVia: request.via, requestedBy: actor.id, withRoles, withGrants };
      const row = await insertRestore(db, { id, backupId, targetDatabase, tables, ...asked });
      if (row === null) throw fail('TARGET_BUSY', { database: targetDatabase });
      return row;
    },
  });
}
