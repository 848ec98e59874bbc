import { alert } from '@safekeep/shared/contracts/alert';
import { auditEvent } from '@safekeep/shared/contracts/audit';
import { backup } from '@safekeep/shared/contracts/backup';
import { backupDetail } from '@safekeep/shared/contracts/backup-detail';
import { cleanupRun } from '@safekeep/shared/contracts/cleanup';
import { notification } from '@safekeep/shared/contracts/notification';
import { problem } from '@safekeep/shared/contracts/problem';
import { recoveryTest } from '@safekeep/shared/contracts/recovery-test';
import { report, reportDetail } from '@safekeep/shared/contracts/report';
import { reportBody } from '@safekeep/shared/contracts/report-body';
import { restore } from '@safekeep/shared/contracts/restore';
import { schedule } from '@safekeep/shared/contracts/schedule';
import { verification } from '@safekeep/shared/contracts/verification';
import { z } from 'zod';

/** What the document describes once and refers to by name; everything else stands where it is used. */
const NAMED = {
  Alert: alert,
  AuditEvent: auditEvent,
  Backup: backup,
  BackupDetail: backupDetail,
  CleanupRun: cleanupRun,
  Notification: notification,
  Problem: problem,
  RecoveryTest: recoveryTest,
  Report: report,
  ReportBody: reportBody,
  ReportDetail: reportDetail,
  Restore: restore,
  Schedule: schedule,
  Verification: verification,
};

/** Lets zod know the names; naming twice does nothing. */
export function nameSchemas(): void {
  for (const [id, schema] of Object.entries(NAMED)) z.globalRegistry.add(schema, { ...schema.meta(), id });
}
