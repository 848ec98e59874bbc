import type { ReportFacts } from '../contracts/report-body.js';
import { ALL_SOURCES } from '../contracts/schedule.js';
import { nextDue } from '../policy/due.js';
import { cronInForce, dueRule } from '../policy/schedule.js';
import type { Database } from './database.js';
import { listSchedules } from './schedules.js';

/** The schedules in force, with the time of each one's next run. */
export async function readSchedules(
  db: Database,
  source: string | null,
  now: Date,
): Promise<ReportFacts['schedules']> {
  const rows = await listSchedules(db);
  const about = rows.filter((row) => source === null || row.source === source || row.source === ALL_SOURCES);
  return about.map((row) => {
    const { name, timezone, paused, overridden } = row;
    const nextRunAt = nextDue(dueRule(row), now);
    return { source: row.source, name, cron: cronInForce(row), timezone, paused, overridden, nextRunAt };
  });
}
