import { count } from '../../format.js';
import type { BadVerification } from '../alert-facts.js';
import type { Rule, WantedAlert } from './wanted-alert.js';
import { utc } from './wording.js';

/**
 * A kept backup failed its verification: one alert each, for each is lost on its own. Those that could not be looked at
 * have mostly one cause, so they share an alert per source.
 */
export const verificationFailed: Rule = ({ badVerifications }) => {
  const failed = badVerifications.filter(({ status }) => status === 'failed').map(damaged);
  const errors = badVerifications.filter(({ status }) => status === 'error');
  const sources = [...new Set(errors.map(({ source }) => source))];
  const notLooked = sources.map((source) => unchecked(errors.filter((one) => one.source === source)));
  return [...failed, ...notLooked];
};

function damaged(found: BadVerification): WantedAlert {
  return {
    rule: 'verification-failed',
    severity: 'critical',
    source: found.source,
    subject: found.backupId,
    message: `The backup ${found.fileName ?? found.backupId} of "${found.source}" failed its verification at ${utc(found.endedAt)} (step: ${found.verdict ?? 'unknown'}). Do not count on it. Take a new backup now (backup.sh full --source ${found.source}), then read "A verification failed" in docs/OPERATIONS.md.`,
    detail: { backupId: found.backupId, fileName: found.fileName, verdict: found.verdict },
  };
}

function unchecked(errors: readonly BadVerification[]): WantedAlert {
  const newest = errors.reduce((a, b) => (b.endedAt > a.endedAt ? b : a));
  return {
    rule: 'verification-failed',
    severity: 'warning',
    source: newest.source,
    subject: 'error',
    message: `${count(errors.length, 'backup')} of "${newest.source}" could not be verified, the newest at ${utc(newest.endedAt)} (${newest.errorCode ?? 'unknown'}). Remove the cause (docs/OPERATIONS.md lists the codes), then run backup.sh test --source ${newest.source}.`,
    detail: { backups: errors.length, backupId: newest.backupId, errorCode: newest.errorCode },
  };
}
