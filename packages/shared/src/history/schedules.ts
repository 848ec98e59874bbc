import type { ScheduleName } from '../contracts/schedule.js';
import type { Database } from './database.js';

/** The wanted state of one schedule, as it stands in history. */
export interface ScheduleRow {
  readonly source: string;
  readonly name: ScheduleName;
  /** What the environment says; `null`: off. */
  readonly envCron: string | null;
  /** What a person said instead, where `overridden`; `null`: off. */
  readonly cron: string | null;
  readonly overridden: boolean;
  readonly paused: boolean;
  readonly timezone: string;
  /** Due times up to here are nobody's: the schedule was another one then. */
  readonly since: Date;
  readonly updatedAt: Date;
  readonly updatedBy: string | null;
}

/** What can change about a schedule. */
export type ScheduleState = Pick<ScheduleRow, 'envCron' | 'cron' | 'overridden' | 'paused' | 'timezone'>;

const COLUMNS = `
  s.source, s.name, s.env_cron AS "envCron", s.cron, s.overridden, s.paused, s.timezone, s.since,
  s.updated_at AS "updatedAt", s.updated_by AS "updatedBy"`;

/** Until the transaction ends nobody else changes schedules, here or in the queue. */
export async function lockSchedules(db: Database): Promise<void> {
  // Any fixed number.
  await db.query('SELECT pg_advisory_xact_lock(7305008)');
}

/** Those of one source come before those of all. */
export async function listSchedules(db: Database): Promise<ScheduleRow[]> {
  const { rows } = await db.query<ScheduleRow>(
    `SELECT ${COLUMNS} FROM schedules s ORDER BY s.source = '*', s.source, s.name`,
  );
  return rows;
}

/** A schedule that nobody changes until the transaction ends, and what time history's clock shows. */
export async function holdSchedule(
  db: Database,
  source: string,
  name: ScheduleName,
): Promise<{ readonly schedule: ScheduleRow; readonly now: Date } | null> {
  const { rows } = await db.query<ScheduleRow & { now: Date }>(
    `SELECT ${COLUMNS}, clock_timestamp() AS now FROM schedules s WHERE s.source = $1 AND s.name = $2 FOR UPDATE`,
    [source, name],
  );
  if (rows[0] === undefined) return null;
  const { now, ...schedule } = rows[0];
  return { schedule, now };
}

/** @returns false when it is there already. */
export async function insertSchedule(
  db: Database,
  { source, name, envCron, timezone }: Pick<ScheduleRow, 'source' | 'name' | 'envCron' | 'timezone'>,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO schedules (source, name, env_cron, timezone) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [source, name, envCron, timezone],
  );
  return rowCount === 1;
}

/** @param again whether it becomes another schedule now, so that earlier due times are nobody's */
export async function updateSchedule(
  db: Database,
  { source, name }: Pick<ScheduleRow, 'source' | 'name'>,
  state: ScheduleState,
  change: { readonly again: boolean; readonly by: string | null },
): Promise<void> {
  await db.query(
    `UPDATE schedules SET env_cron = $3, cron = $4, overridden = $5, paused = $6, timezone = $7,
       since = CASE WHEN $8 THEN clock_timestamp() ELSE since END, updated_at = now(), updated_by = $9
     WHERE source = $1 AND name = $2`,
    [
      source,
      name,
      state.envCron,
      state.cron,
      state.overridden,
      state.paused,
      state.timezone,
      change.again,
      change.by,
    ],
  );
}

export async function deleteSchedule(
  db: Database,
  { source, name }: Pick<ScheduleRow, 'source' | 'name'>,
): Promise<void> {
  await db.query('DELETE FROM schedules WHERE source = $1 AND name = $2', [source, name]);
}
