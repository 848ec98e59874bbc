import type { AlertRule } from '../../contracts/alert.js';
import type { AlertFacts } from '../alert-facts.js';
import { backupFailed } from './backup-failed.js';
import { backupOverdue } from './backup-overdue.js';
import { diskLow } from './disk-low.js';
import { jobStalled } from './job-stalled.js';
import { keyUnknown } from './key-unknown.js';
import { missingFiles } from './missing-files.js';
import { notificationFailed } from './notification-failed.js';
import { recoveryTestFailed } from './recovery-test-failed.js';
import { recoveryTestOverdue } from './recovery-test-overdue.js';
import { scheduleLate } from './schedule-late.js';
import { sizeAnomaly } from './size-anomaly.js';
import { unknownFiles } from './unknown-files.js';
import { verificationFailed } from './verification-failed.js';
import type { Rule, WantedAlert } from './wanted-alert.js';
import { workerAbsent } from './worker-absent.js';

export const ALERT_RULES: Readonly<Record<AlertRule, Rule>> = {
  'backup-failed': backupFailed,
  'backup-overdue': backupOverdue,
  'schedule-late': scheduleLate,
  'verification-failed': verificationFailed,
  'recovery-test-failed': recoveryTestFailed,
  'recovery-test-overdue': recoveryTestOverdue,
  'disk-low': diskLow,
  'size-anomaly': sizeAnomaly,
  'key-unknown': keyUnknown,
  'job-stalled': jobStalled,
  'worker-absent': workerAbsent,
  'unknown-files': unknownFiles,
  'missing-files': missingFiles,
  'notification-failed': notificationFailed,
};

/** All alerts that should be open. */
export function wantedAlerts(facts: AlertFacts): WantedAlert[] {
  return Object.values(ALERT_RULES).flatMap((rule) => rule(facts));
}
