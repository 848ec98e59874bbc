import type { ReportFacts, SourceReport } from '../contracts/report-body.js';
import { age, count, day, seconds } from '../format.js';
import { activeSchedules, each, type Judge, keptBackups, lacking, unless } from './compliance-judgement.js';
import { LIMITS, within } from './report-limits.js';

const hasFullSchedule = (facts: ReportFacts, source: SourceReport) =>
  activeSchedules(facts, 'full').some((schedule) => schedule.source === source.name);

export const backupPlan: Judge = (facts) => {
  const target = facts.configuration.rpoTargetSeconds;
  const schedules = activeSchedules(facts, 'full').map(
    ({ source, cron, timezone }) => `${source} at "${cron}" (${timezone})`,
  );
  return unless(
    [
      ...lacking(facts, 'No active schedule of full backups', (source) => !hasFullSchedule(facts, source)),
      ...lacking(
        facts,
        `No backup within the RPO target of ${age(target)}`,
        ({ newestSuccess }) => newestSuccess === null || newestSuccess.dataAgeSeconds > target,
      ),
    ],
    `Full backups are scheduled: ${schedules.join(', ') || 'none'}. Age of the newest data that can be restored: ${each(
      facts,
      ({ newestSuccess }) => (newestSuccess === null ? 'none' : age(newestSuccess.dataAgeSeconds)),
    )}; target ${age(target)}.`,
  );
};

export const recoveryTested: Judge = (facts, now) =>
  unless(
    [
      ...lacking(
        facts,
        `No passed recovery test in the last ${LIMITS.recoveryTest} days`,
        ({ recoveryTests }) => !within(recoveryTests.newestPassed?.endedAt, LIMITS.recoveryTest, now),
      ),
      ...lacking(
        facts,
        'The newest recovery test did not pass',
        ({ recoveryTests }) => recoveryTests.newest !== null && recoveryTests.newest.status !== 'passed',
      ),
    ],
    `Each test restores a backup into a scratch database and compares rows and content hashes with what was backed up. Last passed: ${each(
      facts,
      ({ recoveryTests: { newestPassed } }) =>
        newestPassed === null ? 'never' : `on ${day(newestPassed.endedAt)}`,
    )}.`,
  );

export const runbookMeasured: Judge = (facts) =>
  unless(
    [
      ...lacking(
        facts,
        'Time and data loss of a recovery were never measured',
        ({ recoveryTests }) => recoveryTests.newestPassed === null,
      ),
      ...lacking(facts, 'A target was missed', ({ recoveryTests }) =>
        missedTargets(recoveryTests.newestPassed),
      ),
    ],
    `The runbook is DISASTER_RECOVERY_PLAN.md. Measured in the newest passed recovery test: ${each(
      facts,
      ({ recoveryTests: { newestPassed } }) => {
        if (newestPassed === null) return 'nothing';
        const { rtoSeconds, rpoSeconds } = newestPassed;
        return `restored in ${figure(rtoSeconds, seconds)}, data ${figure(rpoSeconds, age)} old`;
      },
    )}. Targets: ${age(facts.configuration.rtoTargetSeconds)} and ${age(facts.configuration.rpoTargetSeconds)}.`,
  );

const figure = (value: number | null, format: (value: number) => string) =>
  value === null ? 'an unknown time' : format(value);

/** Whether a test took longer, or its backup was older, than the targets of its day. */
export function missedTargets(test: SourceReport['recoveryTests']['newest']): boolean {
  if (test === null) return false;
  const over = (value: number | null, target: number | null) =>
    value !== null && target !== null && value > target;
  return over(test.rtoSeconds, test.rtoTargetSeconds) || over(test.rpoSeconds, test.rpoTargetSeconds);
}

export const emergencyDrill: Judge = (facts, now) =>
  unless(
    within(facts.newestEmergencyAt, LIMITS.emergencyDrill, now)
      ? []
      : [`No emergency backup in the last ${LIMITS.emergencyDrill} days.`],
    `An emergency backup needs neither Redis, nor the API, nor history. Newest: ${
      facts.newestEmergencyAt === null ? 'none' : day(facts.newestEmergencyAt)
    }.`,
  );

export const regularTesting: Judge = (facts, now) =>
  unless(
    [
      ...lacking(
        facts,
        `No verification in the last ${LIMITS.verification} days`,
        ({ verifications }) => !within(verifications.newestAt, LIMITS.verification, now),
      ),
      ...lacking(
        facts,
        `No recovery test in the last ${LIMITS.recoveryTest} days`,
        ({ recoveryTests: { newest } }) =>
          newest?.status === 'error' || !within(newest?.endedAt, LIMITS.recoveryTest, now),
      ),
    ],
    `In the last 30 days: ${testCounts(facts)}.`,
  );

const judged = (counts: { passed: number; failed: number }) => counts.passed + counts.failed;

function testCounts(facts: ReportFacts): string {
  const total = (of: (source: SourceReport) => { passed: number; failed: number }) =>
    facts.sources.reduce((sum, source) => sum + judged(of(source)), 0);
  return `${count(
    total((source) => source.verifications.trend),
    'verification',
  )} and ${count(
    total((source) => source.recoveryTests.trend),
    'recovery test',
  )} with a verdict`;
}

export const resultsRecorded: Judge = (facts) => {
  const results = facts.sources.reduce(
    (sum, { verifications, recoveryTests }) =>
      sum + judged(verifications.trend) + judged(recoveryTests.trend),
    0,
  );
  return unless(
    results === 0 ? ['No verification or recovery test came to a verdict in the last 30 days.'] : [],
    `${testCounts(facts)}, each with its date and findings in history and in the audit trail.`,
  );
};

export const integrity: Judge = (facts) => {
  const sum = (of: (kept: SourceReport['kept']) => number) =>
    facts.sources.reduce((total, { kept }) => total + of(kept), 0);
  const [kept, sound, damaged, old] = [
    keptBackups(facts),
    sum((row) => row.sound),
    sum((row) => row.damaged),
    sum((row) => row.neverVerifiedOld),
  ];
  const missing = facts.sources.flatMap((source) => source.missingFiles);
  return unless(
    [
      ...(kept === 0 ? ['There is no backup yet.'] : []),
      ...(damaged > 0 ? [`${count(damaged, 'kept backup')} found damaged.`] : []),
      ...(old > 0 ? [`${count(old, 'kept backup')} older than a day and a half never verified.`] : []),
      ...(missing.length > 0 ? [`${count(missing.length, 'backup file')} gone without a disposal.`] : []),
    ],
    `${sound} of ${count(kept, 'kept backup')} verified as sound: HMAC-SHA-256 of the sidecar, SHA-256 of the file, and every row counted.`,
  );
};

export const recoveryDocumented: Judge = (facts) =>
  unless(
    facts.restores.completed > 0 || facts.sources.some((source) => source.recoveryTests.newest !== null)
      ? []
      : ['The procedure was never carried out here.'],
    `DISASTER_RECOVERY_PLAN.md of version ${facts.configuration.version}; carried out in the last 30 days: ${count(
      facts.sources.reduce((sum, { recoveryTests: { history } }) => sum + history.length, 0),
      'recovery test',
    )}, ${count(facts.restores.completed, 'restore')}.`,
  );
