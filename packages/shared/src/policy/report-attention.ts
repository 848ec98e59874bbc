import type { AttentionPoint, ReportFacts, SourceReport } from '../contracts/report-body.js';
import { age, count, day } from '../format.js';
import { missedTargets } from './compliance-testing.js';
import { LIMITS, within } from './report-limits.js';

type Point = Omit<AttentionPoint, 'source'>;
type Rule = (source: SourceReport, facts: ReportFacts, now: Date) => Point | null;

const critical = (text: string, remedy: string): Point => ({ severity: 'critical', text, remedy });
const warning = (text: string, remedy: string): Point => ({ severity: 'warning', text, remedy });

const noFreshBackup: Rule = ({ configured, newestSuccess }, { configuration }) => {
  if (!configured) return null;
  const target = configuration.rpoTargetSeconds;
  if (newestSuccess === null)
    return critical('There is no backup of this source.', 'Take one now: backup.sh full.');
  if (newestSuccess.dataAgeSeconds <= target) return null;
  return critical(
    `The newest backup is ${age(newestSuccess.dataAgeSeconds)} old; the target is ${age(target)}.`,
    'See why the last runs failed, and take a backup now: backup.sh full.',
  );
};

const damagedBackups: Rule = ({ damaged }) =>
  damaged.length === 0
    ? null
    : critical(
        `${count(damaged.length, 'kept backup')} found damaged: ${firstThree(
          damaged.map(
            ({ fileName, backupId, verdict, reason }) =>
              `${fileName ?? backupId} (${verdict}: ${reason ?? 'no reason recorded'})`,
          ),
        )}.`,
        'Restore from another backup; find out what changed the file.',
      );

function firstThree(texts: readonly string[]): string {
  const more = texts.length > 3 ? ` and ${texts.length - 3} more` : '';
  return texts.slice(0, 3).join(', ') + more;
}

const failedTest: Rule = ({ recoveryTests: { newest } }) => {
  if (newest === null || newest.status === 'passed') return null;
  if (newest.status === 'failed')
    return critical(
      `The recovery test of ${day(newest.endedAt)} failed with ${count(newest.findings, 'difference')}.`,
      'Read its findings: backup.sh show, GET /backup/recovery/tests. Test another backup.',
    );
  return warning(
    `The recovery test of ${day(newest.endedAt)} could not run: ${newest.reason ?? 'no reason recorded'}`,
    'Remove the reason and test again: backup.sh verify.',
  );
};

const missingFiles: Rule = ({ missingFiles: missing }) =>
  missing.length === 0
    ? null
    : critical(
        `${count(missing.length, 'backup file')} gone without a disposal, such as ${missing[0]?.fileName ?? missing[0]?.backupId}.`,
        'Find out who removed it; put it back if you can.',
      );

const failedRuns: Rule = ({ failures }) =>
  failures.length === 0
    ? null
    : warning(
        `${count(failures.length, 'backup')} failed in the period: ${firstThree([
          ...new Set(failures.map((row) => `${row.code} (${row.message})`)),
        ])}`,
        'backup.sh show ID tells what to do about each.',
      );

const noRecentTest: Rule = ({ configured, recoveryTests: { newest, newestPassed } }, _facts, now) => {
  if (!configured || (newest !== null && newest.status !== 'passed')) return null;
  if (within(newestPassed?.endedAt, LIMITS.recoveryTest, now)) return null;
  return warning(
    newestPassed === null
      ? 'No recovery test has proven that this source can be restored.'
      : `The last passed recovery test is from ${day(newestPassed.endedAt)}.`,
    'Run one: backup.sh verify.',
  );
};

const missedTarget: Rule = ({ recoveryTests: { newest } }) =>
  !missedTargets(newest) || newest === null
    ? null
    : warning(
        `The recovery test of ${day(newest.endedAt)} missed a target: ${[
          compared('restored in', newest.rtoSeconds, newest.rtoTargetSeconds),
          compared('data', newest.rpoSeconds, newest.rpoTargetSeconds),
        ].join(', ')}.`,
        'Make recovery faster or backups more frequent, or change the target: RTO_TARGET, RPO_TARGET.',
      );

const compared = (what: string, value: number | null, target: number | null) =>
  `${what} ${value === null ? '–' : age(value)} (target ${target === null ? '–' : age(target)})`;

const unverified: Rule = ({ kept }) =>
  kept.neverVerifiedOld === 0
    ? null
    : warning(
        `${count(kept.neverVerifiedOld, 'kept backup')} older than a day and a half never verified.`,
        'Verify them: backup.sh test.',
      );

const checksThatDidNotRun: Rule = ({ verifications: { period } }) =>
  period.error === 0
    ? null
    : warning(
        `${count(period.error, 'verification')} could not run in the period.`,
        'GET /backup/verification/status tells why.',
      );

const unknownFiles: Rule = ({ unknownFiles: files }) =>
  files.length === 0
    ? null
    : warning(
        `${count(files.length, 'file')} in the backup directory that Safekeep did not write, such as ${files[0]?.name}.`,
        'Find out whose they are; they may hold health records in plain text.',
      );

const noSchedule: Rule = ({ configured, name }, { schedules }) =>
  !configured ||
  schedules.some((row) => row.source === name && row.name === 'full' && row.cron !== null && !row.paused)
    ? null
    : warning('Full backups are not scheduled.', 'Set SCHEDULE_FULL, or end the pause of the schedule.');

const RULES = [
  noFreshBackup,
  damagedBackups,
  failedTest,
  missingFiles,
  failedRuns,
  noRecentTest,
  missedTarget,
  unverified,
  checksThatDidNotRun,
  unknownFiles,
  noSchedule,
];

/** Alerts about what no rule above sees; the others would say the same thing twice. */
const OWN_ALERTS: ReadonlySet<string> = new Set([
  'disk-low',
  'size-anomaly',
  'key-unknown',
  'job-stalled',
  'worker-absent',
  'schedule-late',
  'notification-failed',
]);

/** What somebody should look at, the most pressing first. */
export function findAttention(facts: ReportFacts, now: Date): AttentionPoint[] {
  const points: AttentionPoint[] = [...ofTrail(facts), ...ofCleanup(facts), ...ofAlerts(facts)];
  for (const source of facts.sources) {
    for (const rule of RULES) {
      const point = rule(source, facts, now);
      if (point !== null) points.push({ ...point, source: source.name });
    }
  }
  return points.sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'));
}

function ofTrail({ audit }: ReportFacts): AttentionPoint[] {
  if (audit.brokenAt === null && audit.previousHeadStands !== false) return [];
  const text =
    audit.brokenAt === null
      ? 'The newest audit event of the report before is gone or changed.'
      : `The audit trail does not fit together at event ${audit.brokenAt}: it was changed from outside.`;
  const remedy =
    'Compare with the heads in older reports, and find out who can write to the history database.';
  return [{ ...critical(text, remedy), source: null }];
}

function ofCleanup({ cleanup }: ReportFacts): AttentionPoint[] {
  if (cleanup === null || (cleanup.status !== 'failed' && cleanup.failedCount === 0)) return [];
  const text =
    cleanup.status === 'failed'
      ? `The cleanup of ${day(cleanup.endedAt)} failed.`
      : `The cleanup of ${day(cleanup.endedAt)} could not remove ${count(cleanup.failedCount, 'backup')}.`;
  return [{ ...warning(text, 'See why, and run it again: backup.sh cleanup.'), source: null }];
}

function ofAlerts({ alerts }: ReportFacts): AttentionPoint[] {
  return alerts.open
    .filter((alert) => alert.severity !== 'info' && OWN_ALERTS.has(alert.rule))
    .map(({ severity, source, message, rule }) => ({
      severity: severity === 'critical' ? 'critical' : 'warning',
      source,
      text: message,
      remedy: `OPERATIONS.md, alert ${rule}.`,
    }));
}
