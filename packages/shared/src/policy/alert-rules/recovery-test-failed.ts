import { count } from '../../format.js';
import type { LastRecoveryTest } from '../alert-facts.js';
import type { Rule, WantedAlert } from './wanted-alert.js';
import { utc } from './wording.js';

/** The newest recovery test of a source that ended did not pass. */
export const recoveryTestFailed: Rule = ({ recoveryTests }) =>
  recoveryTests.flatMap(({ source, last }) =>
    last === null || last.status === 'passed' ? [] : [notPassed(source, last)],
  );

function notPassed(source: string, last: NonNullable<LastRecoveryTest['last']>): WantedAlert {
  const failed = last.status === 'failed';
  return {
    rule: 'recovery-test-failed',
    severity: failed ? 'critical' : 'warning',
    source,
    subject: '',
    message: failed
      ? `The recovery test of "${source}" failed at ${utc(last.endedAt)}: the restored copy of backup ${last.backupId} differs (${count(last.findings, 'finding')}). Do not count on this backup. See what differs (backup.sh show ${last.backupId}) and test another one: backup.sh verify --source ${source}.`
      : `The recovery test of "${source}" could not be carried out at ${utc(last.endedAt)} (${last.errorCode ?? 'unknown'}). Remove the cause (docs/OPERATIONS.md lists the codes), then run backup.sh verify --source ${source}.`,
    detail: {
      backupId: last.backupId,
      status: last.status,
      findings: last.findings,
      errorCode: last.errorCode,
    },
  };
}
