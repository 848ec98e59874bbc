import type { Actor } from '../audit/audit.js';
import type { Report } from '../contracts/report.js';
import { findReport, insertReport } from '../history/reports.js';
import { requireSource } from '../policy/require-source.js';
import { acceptJob, type JobQueueing } from './accept-job.js';

interface ReportRequest {
  /** The one source that it shall be about; `null` for all. */
  readonly source: string | null;
  readonly via: 'api' | 'cli' | 'schedule';
  readonly actor: Actor;
}

/**
 * Accepts a report.
 * @throws SafekeepError SOURCE_UNKNOWN, QUEUE_UNAVAILABLE, QUEUE_FULL
 */
export async function requestReport(
  deps: JobQueueing & { readonly sourceNames: readonly string[] },
  { source, via, actor }: ReportRequest,
): Promise<Report> {
  return acceptJob(deps, {
    table: 'reports',
    actor,
    action: 'report.request',
    target: source,
    detail: {},
    find: findReport,
    insert: async (db, id) => {
      if (source !== null) requireSource(source, deps.sourceNames);
      return insertReport(db, { id, source, requestedVia: via, requestedBy: actor.id });
    },
  });
}
