import type { AlertFacts, ScheduleFacts } from '../alert-facts.js';
import { dueBefore } from './due-times.js';
import type { Rule, WantedAlert } from './wanted-alert.js';
import { utc } from './wording.js';

/** How long after its due time a backup may be missing: it waits, runs and is tried again meanwhile. In milliseconds. */
const BACKUP_GRACE = 60 * 60_000;

/**
 * A due time has passed and no backup has succeeded since. Needs no worker, only the schedules in history. A backup that
 * is being taken counts as on its way (`job-stalled` sees when it stands still), but ends no alert: it may fail.
 */
export const backupOverdue: Rule = (facts) =>
  facts.schedules.flatMap((schedule) => {
    if (schedule.name !== 'full' && schedule.name !== 'incremental') return [];
    const due = dueBefore(schedule, new Date(facts.now.getTime() - BACKUP_GRACE));
    if (due === null || (facts.runningSources.includes(schedule.source) && !isOpen(facts, schedule)))
      return [];
    const last = lastSuccess(facts, schedule);
    return last !== null && last >= due ? [] : [overdue(schedule, due, last)];
  });

function isOpen({ open }: AlertFacts, { source, name }: ScheduleFacts): boolean {
  return open.some(
    (alert) => alert.rule === 'backup-overdue' && alert.source === source && alert.subject === name,
  );
}

/** A full backup does what an incremental one would have done. */
function lastSuccess(facts: AlertFacts, { source, name }: ScheduleFacts): Date | null {
  const times = facts.successes
    .filter((success) => success.source === source && (name === 'incremental' || success.type === 'full'))
    .map((success) => success.endedAt.getTime());
  return times.length === 0 ? null : new Date(Math.max(...times));
}

function overdue(schedule: ScheduleFacts, due: Date, last: Date | null): WantedAlert {
  const { source, name } = schedule;
  const since = last === null ? 'There was none before.' : `The last one ended at ${utc(last)}.`;
  return {
    rule: 'backup-overdue',
    severity: name === 'full' ? 'critical' : 'warning',
    source,
    subject: name,
    message: `No ${name} backup of "${source}" has succeeded since it was due at ${utc(due)}. ${since} Check that workers run (backup.sh status), then take one: backup.sh full --source ${source}.`,
    detail: { schedule: name, dueAt: due.toISOString(), lastSuccessAt: last?.toISOString() ?? null },
  };
}
