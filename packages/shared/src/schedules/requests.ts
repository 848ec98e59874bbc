import { randomUUID } from 'node:crypto';
import { findWaitingScheduled, insertBackup } from '../history/backups.js';
import { insertCleanupRun } from '../history/cleanup-runs.js';
import type { Database } from '../history/database.js';
import { findWaitingScheduledRow } from '../history/job-rows.js';
import { findBackupToProve, findWaitingRecoveryTest, insertRecoveryTest } from '../history/recovery-tests.js';
import { insertReport } from '../history/reports.js';
import { insertScheduledVerifications } from '../history/verifications.js';
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
  return verifications.map(({ id, backupId }) => ({
    id,
    audit: { action: 'verification.request', target: backupId, detail: { id } },
    enqueue: (producer) => producer.enqueue('verify', 'verify', id, { verificationId: id }),
  }));
};

export const recoveryTestRequest: ScheduledRequest = async (db, source) => {
  const waiting = await findWaitingRecoveryTest(db, source);
  const backup = waiting === null ? await findBackupToProve(db, source) : null;
  const id = waiting ?? randomUUID();
  if (backup !== null) await insertRecoveryTest(db, { id, backupId: backup.id, ...unasked, note: null });
  else if (waiting === null) return [];
  return [
    {
      id,
      audit: backup === null ? null : { action: 'recovery-test.request', target: backup.id, detail: { id } },
      enqueue: (producer) => producer.enqueue('restore-test', 'restore-test', id, { recoveryTestId: id }),
    },
  ];
};

export const cleanupRequest: ScheduledRequest = async (db) => {
  const waiting = await findWaitingScheduledRow(db, 'cleanup_runs');
  const id = waiting ?? randomUUID();
  if (waiting === null) await insertCleanupRun(db, { id, dryRun: false, source: null, ...unasked });
  return [
    {
      id,
      audit: waiting === null ? { action: 'cleanup.request', target: null, detail: { id } } : null,
      enqueue: (producer) => producer.enqueue('cleanup', 'cleanup', id, { cleanupRunId: id }),
    },
  ];
};

export const reportRequest: ScheduledRequest = async (db) => {
  const waiting = await findWaitingScheduledRow(db, 'reports');
  const id = waiting ?? randomUUID();
  if (waiting === null) await insertReport(db, { id, source: null, ...unasked });
  return [
    {
      id,
      audit: waiting === null ? { action: 'report.request', target: null, detail: { id } } : null,
      enqueue: (producer) => producer.enqueue('report', 'report', id, { reportId: id }),
    },
  ];
};
