import { CronExpressionParser } from 'cron-parser';
import { instantOf, wallTimeAt } from './local-time.js';

/** When a schedule comes due. */
export interface DueRule {
  /** The cron expression in force, `null` when the schedule is off or paused. */
  readonly cron: string | null;
  readonly timezone: string;
  /** Due times up to here are nobody's: the schedule was another one then. */
  readonly since: Date;
}

/** A due time later than this is late, in milliseconds. */
const LATE = 2 * 60_000;

/** The longest that clocks were ever set back at once, in milliseconds. */
const LONGEST_OVERLAP = 3 * 3_600_000;

/**
 * The first due time after an instant; `null` when there is none.
 *
 * The expression is read on the wall clock, where no time is missing or doubled, and each wall time has one instant
 * (see `instantOf`): when clocks change, no due time is lost and none comes twice. (cron-parser's own time zones lose
 * a midnight that does not exist, and find other times forwards than backwards.)
 */
export function nextDue(rule: Pick<DueRule, 'cron' | 'timezone'>, after: Date): Date | null {
  if (rule.cron === null) return null;
  const walls = wallTimes(rule.cron, wallTimeAt(after.getTime(), rule.timezone));
  for (;;) {
    const due = instantOf(walls.next().getTime(), rule.timezone);
    if (due > after.getTime()) return new Date(due);
  }
}

/** The newest due time up to an instant; `null` when there is none since the schedule is what it is. */
export function newestDue(rule: DueRule, upTo: Date): Date | null {
  if (rule.cron === null) return null;
  // Before clocks that were set back, later wall times may have been shown than now.
  const start = wallTimeAt(upTo.getTime(), rule.timezone) + LONGEST_OVERLAP;
  const walls = wallTimes(rule.cron, start);
  for (;;) {
    const due = instantOf(walls.prev().getTime(), rule.timezone);
    if (due <= rule.since.getTime()) return null;
    if (due <= upTo.getTime()) return new Date(due);
  }
}

export function isLate(dueAt: Date, now: Date): boolean {
  return now.getTime() - dueAt.getTime() > LATE;
}

function wallTimes(cron: string, start: number) {
  return CronExpressionParser.parse(cron, { tz: 'UTC', currentDate: new Date(start) });
}
