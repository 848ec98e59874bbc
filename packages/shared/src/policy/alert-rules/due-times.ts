import type { ScheduleFacts } from '../alert-facts.js';
import { newestDue } from '../due.js';

/**
 * The newest due time of a schedule that is older than `before`; `null` where it is off or paused, or where the
 * schedule was another one then.
 */
export function dueBefore(schedule: ScheduleFacts, before: Date): Date | null {
  return schedule.paused ? null : newestDue(schedule, new Date(before.getTime() - 1));
}
