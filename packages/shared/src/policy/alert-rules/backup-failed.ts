import type { LastBackup } from '../alert-facts.js';
import type { Rule } from './wanted-alert.js';
import { utc } from './wording.js';

/** The newest backup of a source that ended did not succeed. The next success resolves it. */
export const backupFailed: Rule = ({ lastBackups }) =>
  lastBackups
    .filter(({ status }) => status === 'failed' || status === 'cancelled')
    .map((backup) => ({
      rule: 'backup-failed',
      severity: backup.status === 'failed' ? 'critical' : 'warning',
      source: backup.source,
      subject: '',
      message: message(backup),
      detail: { backupId: backup.backupId, status: backup.status, errorCode: backup.errorCode },
    }));

function message(backup: LastBackup): string {
  const last =
    backup.lastSuccessAt === null
      ? 'There is no good backup of this source.'
      : `The last good one is of ${utc(backup.lastSuccessAt)}.`;
  if (backup.status === 'cancelled') {
    return `The newest backup of "${backup.source}" was cancelled at ${utc(backup.endedAt)}. ${last} Take another one: backup.sh full --source ${backup.source}.`;
  }
  const hint = backup.errorHint ?? 'See its error in history.';
  return `The newest backup of "${backup.source}" failed at ${utc(backup.endedAt)} (${backup.errorCode ?? 'unknown'}). ${last} ${hint} Details: backup.sh show ${backup.backupId}.`;
}
