import type { ScheduleName } from '../contracts/schedule.js';
import type { Database } from './database.js';

export interface DueRun {
  readonly source: string;
  readonly name: ScheduleName;
  readonly dueAt: Date;
  readonly late: boolean;
}

/** Takes a due time. @returns false when somebody has it already. */
export async function claimDueTime(db: Database, run: DueRun): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO due_runs (source, name, due_at, late) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [run.source, run.name, run.dueAt, run.late],
  );
  return rowCount === 1;
}

/** Notes which row serves a due time. */
export async function nameDueSubject(db: Database, run: DueRun, subjectId: string): Promise<void> {
  await db.query('UPDATE due_runs SET subject_id = $4 WHERE source = $1 AND name = $2 AND due_at = $3', [
    run.source,
    run.name,
    run.dueAt,
    subjectId,
  ]);
}

/** Whether a due time of this span, its ends included, was taken. */
export async function isServed(
  db: Database,
  { source, name }: Pick<DueRun, 'source' | 'name'>,
  from: Date,
  to: Date,
): Promise<boolean> {
  const { rowCount } = await db.query(
    'SELECT FROM due_runs WHERE source = $1 AND name = $2 AND due_at BETWEEN $3 AND $4 LIMIT 1',
    [source, name, from, to],
  );
  return (rowCount ?? 0) > 0;
}

/** The newest due time of each of today's schedules that was served. */
export async function listNewestDueRuns(db: Database): Promise<DueRun[]> {
  const { rows } = await db.query<DueRun>(
    `SELECT s.source, s.name, newest.due_at AS "dueAt", newest.late
     FROM schedules s CROSS JOIN LATERAL (
       SELECT due_at, late FROM due_runs d WHERE d.source = s.source AND d.name = s.name ORDER BY due_at DESC LIMIT 1
     ) newest`,
  );
  return rows;
}
