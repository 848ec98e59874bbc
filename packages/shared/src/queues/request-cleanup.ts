import type { Actor } from '../audit/audit.js';
import type { CleanupRun } from '../contracts/cleanup.js';
import { findCleanupRun, insertCleanupRun } from '../history/cleanup-runs.js';
import { requireSource } from '../policy/require-source.js';
import { acceptJob, type JobQueueing } from './accept-job.js';

interface CleanupOrder {
  /** Decides and removes nothing. */
  readonly dryRun: boolean;
  /** `null`: all sources. */
  readonly source: string | null;
  readonly via: CleanupRun['requestedVia'];
  readonly actor: Actor;
}

/**
 * Accepts a cleanup: retention decides about every backup and removes what has expired.
 * @throws SafekeepError SOURCE_UNKNOWN, QUEUE_UNAVAILABLE, QUEUE_FULL
 */
export async function requestCleanup(
  queueing: JobQueueing & { readonly sourceNames: readonly string[] },
  { dryRun, source, via, actor }: CleanupOrder,
): Promise<CleanupRun> {
  return acceptJob(queueing, {
    table: 'cleanup_runs',
    actor,
    action: 'cleanup.request',
    target: source,
    detail: { dryRun },
    find: findCleanupRun,
    insert: async (db, id) => {
      if (source !== null) requireSource(source, queueing.sourceNames);
      return insertCleanupRun(db, {
        id,
        dryRun,
        source,
        requestedVia: via,
        requestedBy: actor.id,
      });
    },
  });
}
