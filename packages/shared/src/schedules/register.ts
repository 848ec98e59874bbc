import type pg from 'pg';
import { appendAudit } from '../audit/audit.js';
import { type Database, inTransaction } from '../history/database.js';
import {
  deleteSchedule,
  insertSchedule,
  listSchedules,
  lockSchedules,
  type ScheduleRow,
  type ScheduleState,
  updateSchedule,
} from '../history/schedules.js';
import { comesDueAnew, describeChange } from '../policy/schedule.js';
import type { ConfiguredSchedule } from './kinds.js';

const key = ({ source, name }: Pick<ScheduleRow, 'source' | 'name'>) => `${name}.${source}`;

/**
 * Writes to history what the environment wants: new schedules, changed ones (an override still holds over them), and
 * removes those of sources that are gone. Any number of processes may do so at once; each change leaves one audit event.
 */
export async function registerSchedules(pool: pg.Pool, wanted: readonly ConfiguredSchedule[]): Promise<void> {
  await inTransaction(pool, async (db) => {
    await lockSchedules(db);
    const known = new Map((await listSchedules(db)).map((row) => [key(row), row]));
    for (const one of wanted) {
      const row = known.get(key(one));
      known.delete(key(one));
      if (row === undefined) await add(db, one);
      else await follow(db, row, one);
    }
    for (const gone of known.values()) {
      await deleteSchedule(db, gone);
      await audit(db, gone, gone, null);
    }
  });
}

/** For processes that are no authority on what is wanted: adds what is missing and changes nothing. */
export async function addMissingSchedules(
  pool: pg.Pool,
  wanted: readonly ConfiguredSchedule[],
): Promise<void> {
  const known = new Set((await listSchedules(pool)).map(key));
  const missing = wanted.filter((one) => !known.has(key(one)));
  if (missing.length === 0) return;
  await inTransaction(pool, async (db) => {
    await lockSchedules(db);
    for (const one of missing) await add(db, one);
  });
}

async function add(db: Database, one: ConfiguredSchedule): Promise<void> {
  const { envCron, timezone } = one;
  const after = { envCron, timezone, cron: null, overridden: false, paused: false };
  if (await insertSchedule(db, one)) await audit(db, one, null, after);
}

async function follow(db: Database, row: ScheduleRow, one: ConfiguredSchedule): Promise<void> {
  if (row.envCron === one.envCron && row.timezone === one.timezone) return;
  const after = { ...row, envCron: one.envCron, timezone: one.timezone };
  await updateSchedule(db, row, after, { again: comesDueAnew(row, after), by: null });
  await audit(db, row, row, after);
}

async function audit(
  db: Database,
  which: Pick<ScheduleRow, 'source' | 'name'>,
  before: ScheduleState | null,
  after: ScheduleState | null,
): Promise<void> {
  await appendAudit(db, {
    actor: { id: null, name: 'environment', address: null },
    action: 'schedule.changed',
    target: key(which),
    result: 'ok',
    detail: describeChange(before, after),
  });
}
