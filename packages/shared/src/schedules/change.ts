import type pg from 'pg';
import { type Actor, appendAudit } from '../audit/audit.js';
import { ALL_SOURCES, type Schedule, type ScheduleChange, scheduleName } from '../contracts/schedule.js';
import { fail, SafekeepError } from '../errors.js';
import { inTransaction } from '../history/database.js';
import { holdSchedule, listSchedules, lockSchedules, updateSchedule } from '../history/schedules.js';
import { applyChange, comesDueAnew, describeChange } from '../policy/schedule.js';
import { SCHEDULE_KINDS } from './kinds.js';
import { showSchedules } from './show.js';

/**
 * Changes a schedule on a person's word. It holds at once; the queue follows (`syncSchedulers`). Each outcome, also a
 * refusal, leaves one audit event.
 *
 * @throws SafekeepError SCHEDULE_UNKNOWN
 */
export async function changeSchedule(
  pool: pg.Pool,
  given: string,
  change: ScheduleChange,
  actor: Actor,
): Promise<Schedule> {
  const name = scheduleName.safeParse(given).data;
  const perSource = name === undefined || SCHEDULE_KINDS[name].perSource;
  const source = change.source ?? (perSource ? 'main' : ALL_SOURCES);
  const event = { actor, action: 'schedule.changed', target: `${given}.${source}` };
  try {
    return await inTransaction(pool, async (db) => {
      await lockSchedules(db);
      const held = name === undefined ? null : await holdSchedule(db, source, name);
      if (held === null) {
        const known = (await listSchedules(db)).map((row) => `${row.name} of ${row.source}`);
        throw fail('SCHEDULE_UNKNOWN', { name: given, source, known: known.join(', ') || 'none' });
      }
      const before = held.schedule;
      const after = applyChange(before, change);
      await updateSchedule(db, before, after, { again: comesDueAnew(before, after), by: actor.id });
      await appendAudit(db, { ...event, result: 'ok', detail: describeChange(before, after) });
      const shown = await showSchedules(db);
      return shown.find((row) => row.source === source && row.name === name) as Schedule;
    });
  } catch (error) {
    if (error instanceof SafekeepError) {
      await appendAudit(pool, { ...event, result: 'refused', detail: { code: error.code } });
    }
    throw error;
  }
}
