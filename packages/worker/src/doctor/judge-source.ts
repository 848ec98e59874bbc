import { seconds } from '@safekeep/shared/format';
import {
  assessCompliance,
  type ComplianceReasonName,
  type SourceProof,
  type Targets,
} from '@safekeep/shared/policy/health';
import { type Diagnosis, ok, problem, warning } from './diagnosis.js';

/** What each reason against a source means, and what to do about it. */
const WORDS: Readonly<Record<ComplianceReasonName, readonly [message: string, hint: string]>> = {
  'no-backup': ['there is none whose file is there', 'Take one: backup.sh full'],
  'data-too-old': [
    'the newest is older than RPO_TARGET',
    'Take one: backup.sh full; see why none came: backup.sh status',
  ],
  'backup-failed': [
    'the newest one failed',
    'backup.sh list --status failed --limit 1, then: backup.sh show ID',
  ],
  'verification-failed': [
    'the newest verification found damage',
    'backup.sh show ID; take another: backup.sh full',
  ],
  'verification-overdue': ['no verification passed for RPO_TARGET and a day', 'Run one: backup.sh test'],
  'unsound-backup': ['an older one failed its verification', 'backup.sh list, then: backup.sh show ID'],
  'recovery-test-failed': ['the newest recovery test found differences', 'backup.sh show ID has them'],
  'recovery-test-missing': ['no recovery test passed in 30 days', 'Run one: backup.sh verify'],
  'recovery-test-overdue': ['no recovery test passed in 8 days, or ever', 'Run one: backup.sh verify'],
  'restore-too-slow': ['the newest recovery test took longer than RTO_TARGET', 'Restore on a faster server.'],
  'critical-alert': ['a critical alert is open', 'backup.sh alerts'],
  'warning-alert': ['a warning is open', 'backup.sh alerts'],
};

/** Whether a source is backed up and proven, by the same rule as `complianceStatus`; alerts are told elsewhere. */
export function judgeSource(proof: SourceProof, targets: Targets, now: Date): Diagnosis[] {
  const subject = `backups of ${proof.source}`;
  const noAlerts = { info: 0, warning: 0, critical: 0 };
  const { reasons } = assessCompliance([proof], noAlerts, targets, now);
  if (reasons.length === 0) {
    const age = (now.getTime() - (proof.newestDataAt ?? now).getTime()) / 1000;
    return [ok(subject, `verified and proven to restore; the newest data is ${seconds(age)} old`)];
  }
  return reasons.map(({ status, reason }) => {
    const [message, hint] = WORDS[reason];
    return status === 'non_compliant' ? problem(subject, message, hint, 1) : warning(subject, message, hint);
  });
}
