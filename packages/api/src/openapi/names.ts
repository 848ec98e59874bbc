import { auditEvent } from '@safekeep/shared/contracts/audit';
import { backup } from '@safekeep/shared/contracts/backup';
import { backupDetail } from '@safekeep/shared/contracts/backup-detail';
import { problem } from '@safekeep/shared/contracts/problem';
import { recoveryTest } from '@safekeep/shared/contracts/recovery-test';
import { report, reportDetail } from '@safekeep/shared/contracts/report';
import { reportBody } from '@safekeep/shared/contracts/report-body';
import { schedule } from '@safekeep/shared/contracts/schedule';
import { verification } from '@safekeep/shared/contracts/verification';
import { z } from 'zod';

/** What the document describes once and refers to by name; everything else stands where it is used. */
const NAMED = {
  AuditEvent: auditEvent,
  Backup: backup,
  BackupDetail: backupDetail,
  Problem: problem,
  RecoveryTest: recoveryTest,
  Report: report,
  ReportBody: reportBody,
  ReportDetail: reportDetail,
  Schedule: schedule,
  Verification: verification,
};

/** Lets zod know the names; naming twice does nothing. */
export function nameSchemas(): void {
  for (const [id, schema] of Object.entries(NAMED)) z.globalRegistry.add(schema, { ...schema.meta(), id });
}
