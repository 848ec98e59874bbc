import type { Schedule, ScheduleName } from '../../../packages/shared/src/contracts/schedule.js';
import type { Installation } from './installation.js';
import type { Option, OptionRows } from './option.js';

/** When something starts by itself. */
export function schedulesOptions() {
  return {
    SCHEDULE_TIMEZONE: {
      values: ['UTC', 'Asia/Tokyo'],
      // It is two in the morning in both.
      look: async (installation) => (await nextRun(installation, 'full')).slice('01-01T'.length),
      sees: ['02:00:00.000Z', '17:00:00.000Z'],
    },
    SCHEDULE_FULL: schedule('full', 1),
    SCHEDULE_INCREMENTAL: schedule('incremental', 4),
    SCHEDULE_TEST: schedule('test', 7),
    SCHEDULE_VERIFY: schedule('verify', 10),
    SCHEDULE_CLEANUP: schedule('cleanup', 13),
    SCHEDULE_REPORT: schedule('report', 16),
  } as const satisfies OptionRows;
}

/** One day in January and the next; the clock of the second installation is nine hours ahead of UTC. */
function schedule(name: ScheduleName, day: number): Option {
  const two = (number: number) => String(number).padStart(2, '0');
  return {
    values: [`0 2 ${day} 1 *`, `0 2 ${day + 2} 1 *`],
    look: async (installation) => (await nextRun(installation, name)).slice(0, '01-01'.length),
    sees: [`01-${two(day)}`, `01-${two(day + 1)}`],
  };
}

/** When a schedule is due next, without the year: `01-31T02:00:00.000Z`. */
async function nextRun(installation: Installation, name: ScheduleName): Promise<string> {
  const isIt = (one: Schedule) => one.name === name && ['main', '*'].includes(one.source);
  const schedules = await installation.until<Schedule[]>('/backup/schedules', (all) => all.some(isIt));
  return String(schedules.find(isIt)?.nextRun).slice('2026-'.length);
}
