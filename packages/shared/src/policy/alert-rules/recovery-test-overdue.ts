import { dueBefore } from './due-times.js';
import type { Rule } from './wanted-alert.js';
import { utc } from './wording.js';

/** A recovery test of a large database takes hours, and waits for its turn. In milliseconds. */
const RECOVERY_TEST_GRACE = 24 * 60 * 60_000;

/** No recovery test has come to a verdict since one was due; critical once a second one was due in vain. */
export const recoveryTestOverdue: Rule = ({ schedules, recoveryTests, now }) =>
  schedules.flatMap((schedule) => {
    const tests = recoveryTests.find(({ source }) => source === schedule.source);
    const due = dueBefore(schedule, new Date(now.getTime() - RECOVERY_TEST_GRACE));
    if (schedule.name !== 'verify' || tests === undefined || due === null) return [];
    const last = tests.lastVerdictAt;
    if (tests.firstBackupAt > due || (last !== null && last >= due)) return [];
    const dueBeforeThat = dueBefore(schedule, due);
    const twice =
      dueBeforeThat !== null &&
      tests.firstBackupAt <= dueBeforeThat &&
      (last === null || last < dueBeforeThat);
    return [
      {
        rule: 'recovery-test-overdue',
        severity: twice ? 'critical' : 'warning',
        source: schedule.source,
        subject: '',
        message: `No recovery test of "${schedule.source}" has come to a verdict since one was due at ${utc(due)}. ${last === null ? 'There was none before.' : `The last one ended at ${utc(last)}.`} Check that workers run (backup.sh status), then start one: backup.sh verify --source ${schedule.source}.`,
        detail: { dueAt: due.toISOString(), lastVerdictAt: last?.toISOString() ?? null },
      },
    ];
  });
