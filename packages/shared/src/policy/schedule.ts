import type { ScheduleChange } from '../contracts/schedule.js';
import type { ScheduleRow, ScheduleState } from '../history/schedules.js';
import type { DueRule } from './due.js';

/** The cron expression that holds, `null` for off: a person's word before the environment's. */
export function cronInForce(state: Pick<ScheduleState, 'cron' | 'envCron' | 'overridden'>): string | null {
  return state.overridden ? state.cron : state.envCron;
}

/** When a schedule comes due; a paused one does not. */
export function dueRule(row: ScheduleRow): DueRule {
  return { cron: row.paused ? null : cronInForce(row), timezone: row.timezone, since: row.since };
}

/** What a person's change makes of a schedule. */
export function applyChange(state: ScheduleState, change: ScheduleChange): ScheduleState {
  const paused = change.paused ?? state.paused;
  if (change.cron === undefined) return { ...state, paused };
  if (change.cron === null) return { ...state, paused, cron: null, overridden: false };
  return { ...state, paused, cron: change.cron === 'off' ? null : change.cron, overridden: true };
}

/** Whether due times differ from now on, so that those of before are nobody's any more. */
export function comesDueAnew(before: ScheduleState, after: ScheduleState): boolean {
  const rule = (state: ScheduleState) => (state.paused ? null : cronInForce(state));
  return rule(before) !== rule(after) || before.timezone !== after.timezone;
}

/** What differs, for the audit trail: `before…` and `after…` of each. A schedule that is not there is `null`. */
export function describeChange(
  before: ScheduleState | null,
  after: ScheduleState | null,
): Record<string, string | boolean | null> {
  const [old, young] = [told(before), told(after)];
  const differing = Object.keys({ ...old, ...young }).filter((key) => old[key] !== young[key]);
  const named = (prefix: string, key: string) => prefix + key.charAt(0).toUpperCase() + key.slice(1);
  return Object.fromEntries(
    differing.flatMap((key) => [
      [named('before', key), old[key] ?? null],
      [named('after', key), young[key] ?? null],
    ]),
  );
}

function told(state: ScheduleState | null): Record<string, string | boolean> {
  if (state === null) return {};
  const { envCron, overridden, paused, timezone } = state;
  return { cron: cronInForce(state) ?? 'off', envCron: envCron ?? 'off', overridden, paused, timezone };
}
