import { randomUUID } from 'node:crypto';
import { findWaitingScheduled, insertBackup } from '../history/backups.js';
import { insertCleanupRun } from '../history/cleanup-runs.js';
import type { Database } from '../history/database.js';
import { findWaitingScheduledRow, type JobTable } from '../history/job-rows.js';
import { findBackupToProve, findWaitingRecoveryTest, insertRecoveryTest } from '../history/recovery-tests.js';
import { insertReport } from '../history/reports.js';
import { insertScheduledVerifications } from '../history/verifications.js';
import { jobOf } from '../queues/accept-job.js';
import type { Producer } from '../queues/producer.js';

/** A row that serves a due time. */
export interface ScheduledJob {
  readonly id: string;
  /** What the audit trail says; `null` where an earlier due time has asked for the same row, which still waits. */
  readonly audit: ScheduledAudit | null;
  enqueue(producer: Producer): Promise<void>;
}

interface ScheduledAudit {
  readonly action: `${string}.request`;
  readonly target: string | null;
  readonly detail: Readonly<Record<string, string>>;
}

/**
 * Inserts the rows that serve a due time, in the transaction that takes it; none where there is nothing to do. A row that
 * an earlier due time has inserted and nobody has begun serves this one too: two in a row would do the same.
 */
export type ScheduledRequest = (db: Database, source: string) => Promise<ScheduledJob[]>;

const unasked = { requestedVia: 'schedule', requestedBy: null } as const;

export function backupRequest(type: 'full' | 'incremental'): ScheduledRequest {
  return async (db, source) => {
    const waiting = await findWaitingScheduled(db, source, type);
    const id = waiting ?? randomUUID();
    if (waiting === null) await insertBackup(db, { id, source, type, ...unasked, idempotencyKey: null });
    const audit: ScheduledAudit = { action: 'backup.request', target: id, detail: { source, type } };
    return [
      {
        id,
        audit: waiting === null ? audit : null,
        enqueue: (producer) => producer.enqueue('backup', type, id, { backupId: id }),
      },
    ];
  };
}

export const verificationsRequest: ScheduledRequest = async (db, source) => {
  const verifications = await insertScheduledVerifications(db, source);
  return verifications.map(({ id, backupId }) =>
    scheduledRow('verifications', id, { action: 'verification.request', target: backupId, detail: { id } }),
  );
};

export const recoveryTestRequest: ScheduledRequest = async (db, source) => {
  const waiting = await findWaitingRecoveryTest(db, source);
  if (waiting !== null) return [scheduledRow('recovery_tests', waiting, null)];
  const backup = await findBackupToProve(db, source);
  if (backup === null) return [];
  const id = randomUUID();
  await insertRecoveryTest(db, { id, backupId: backup.id, ...unasked, note: null });
  const audit: ScheduledAudit = { action: 'recovery-test.request', target: backup.id, detail: { id } };
  return [scheduledRow('recovery_tests', id, audit)];
};

export const cleanupRequest: ScheduledRequest = async (db) => {
  const waiting = await findWaitingScheduledRow(db, 'cleanup_runs');
  if (waiting !== null) return [scheduledRow('cleanup_runs', waiting, null)];
  const id = randomUUID();
  await insertCleanupRun(db, { id, dryRun: false, source: null, ...unasked });
  return [scheduledRow('cleanup_runs', id, { action: 'cleanup.request', target: null, detail: { id } })];
};

export const reportRequest: ScheduledRequest = async (db) => {
  const waiting = await findWaitingScheduledRow(db, 'reports');
  if (waiting !== null) return [scheduledRow('reports', waiting, null)];
  const id = randomUUID();
  await insertReport(db, { id, source: null, ...unasked });
  return [scheduledRow('reports', id, { action: 'report.request', target: null, detail: { id } })];
};

function scheduledRow(table: JobTable, id: string, audit: ScheduledAudit | null): ScheduledJob {
  return { id, audit, enqueue: (producer) => producer.enqueue(...jobOf(table, id)) };
}
