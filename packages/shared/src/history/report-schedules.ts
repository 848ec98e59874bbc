import type { ReportFacts } from '../contracts/report-body.js';
import { nextDue } from '../policy/due.js';
import type { Database } from './database.js';

type Line = ReportFacts['schedules'][number];

/** The schedules in force, with the time of each one's next run. */
export async function readSchedules(
  db: Database,
  source: string | null,
  now: Date,
): Promise<ReportFacts['schedules']> {
  const { rows } = await db.query<Omit<Line, 'nextRunAt'>>(
    `SELECT source, name, CASE WHEN overridden THEN cron ELSE env_cron END AS cron, timezone, paused, overridden
     FROM schedules WHERE $1::text IS NULL OR source = $1 OR source = '*' ORDER BY source = '*', source, name`,
    [source],
  );
  return rows.map((row) => ({ ...row, nextRunAt: row.paused ? null : nextDue(row, now) }));
}
