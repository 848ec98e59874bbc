import type { Schedule } from '../contracts/schedule.js';
import { readTime } from '../history/clock.js';
import type { Database } from '../history/database.js';
import { listNewestDueRuns } from '../history/due-runs.js';
import { listSchedules } from '../history/schedules.js';
import { nextDue } from '../policy/due.js';
import { cronInForce, dueRule } from '../policy/schedule.js';

/** All schedules as people see them, those of one source before those of all. */
export async function showSchedules(db: Database): Promise<Schedule[]> {
  const now = await readTime(db);
  const rows = await listSchedules(db);
  const runs = new Map((await listNewestDueRuns(db)).map((run) => [`${run.name}.${run.source}`, run]));
  return rows.map((row) => {
    const { source, name, envCron, overridden, paused, timezone, updatedAt, updatedBy } = row;
    const last = runs.get(`${name}.${source}`);
    return {
      name,
      source,
      cron: cronInForce(row) ?? 'off',
      envCron: envCron ?? 'off',
      overridden,
      paused,
      timezone,
      nextRun: nextDue(dueRule(row), now),
      lastDueAt: last?.dueAt ?? null,
      lastLate: last?.late ?? null,
      updatedAt,
      updatedBy,
    };
  });
}
