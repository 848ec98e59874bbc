import { CronExpressionParser } from 'cron-parser';
import type { ScheduleFacts } from '../alert-facts.js';

/**
 * The newest due time of a schedule that is older than `before`; `null` where it is off or paused, or where the
 * schedule was another one then.
 */
export function dueBefore(schedule: ScheduleFacts, before: Date): Date | null {
  if (schedule.cron === null || schedule.paused) return null;
  const dueTimes = CronExpressionParser.parse(schedule.cron, { currentDate: before, tz: schedule.timezone });
  const due = dueTimes.prev().toDate();
  return due > schedule.since ? due : null;
}
