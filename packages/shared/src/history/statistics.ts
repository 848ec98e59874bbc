import type { Statistics } from '../contracts/monitoring.js';
import type { Database } from './database.js';

/** A time span; its begin belongs to it, its end does not. */
interface Period {
  readonly from: Date;
  readonly to: Date;
}

type Outcomes = Statistics['backups'];

/** What ended in the period $1 to $2. A backup whose file is gone by now was a success when it was taken. */
const ENDED = `
  ended AS (
    SELECT source, type, size_bytes, ended_at,
      CASE status WHEN 'missing' THEN 'completed' ELSE status END AS outcome,
      CASE WHEN status IN ('completed', 'missing') THEN extract(epoch FROM ended_at - started_at)::float8 END AS seconds
    FROM backups WHERE ended_at >= $1 AND ended_at < $2 AND status NOT IN ('queued', 'running')
  )`;

const COUNTS = `
  count(*) FILTER (WHERE outcome = 'completed') AS completed, count(*) FILTER (WHERE outcome = 'failed') AS failed,
  count(*) FILTER (WHERE outcome = 'cancelled') AS cancelled,
  coalesce(sum(size_bytes) FILTER (WHERE outcome = 'completed'), 0)::int8 AS "bytesWritten"`;

const OUTCOMES = `${COUNTS},
  round(100.0 * count(*) FILTER (WHERE outcome = 'completed')
    / nullif(count(*) FILTER (WHERE outcome IN ('completed', 'failed')), 0), 1)::float8 AS "successRate",
  jsonb_build_object(
    'average', round(avg(seconds)::numeric, 3),
    'p50', round((percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds))::numeric, 3),
    'p95', round((percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds))::numeric, 3),
    'max', round(max(seconds)::numeric, 3)) AS "durationSeconds"`;

export async function readOutcomes(db: Database, { from, to }: Period): Promise<Outcomes> {
  const { rows } = await db.query<Outcomes>(`WITH ${ENDED} SELECT ${OUTCOMES} FROM ended`, [from, to]);
  return rows[0] as Outcomes;
}

export async function readOutcomesBySource(
  db: Database,
  { from, to }: Period,
): Promise<Statistics['bySource']> {
  const { rows } = await db.query<Statistics['bySource'][number]>(
    `WITH ${ENDED} SELECT source, ${OUTCOMES} FROM ended GROUP BY source ORDER BY source`,
    [from, to],
  );
  return rows;
}

/** By UTC day and type, oldest first; days on which nothing ended are left out. */
export async function readOutcomesByDay(db: Database, { from, to }: Period): Promise<Statistics['byDay']> {
  const { rows } = await db.query<Statistics['byDay'][number]>(
    `WITH ${ENDED} SELECT to_char(ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, type, ${COUNTS},
       round(avg(seconds)::numeric, 3)::float8 AS "averageSeconds"
     FROM ended GROUP BY 1, 2 ORDER BY 1, 2`,
    [from, to],
  );
  return rows;
}

const CHECKS = `
  count(*) FILTER (WHERE status = 'passed') AS passed, count(*) FILTER (WHERE status = 'failed') AS failed,
  count(*) FILTER (WHERE status = 'error') AS error`;

export async function countVerifications(
  db: Database,
  { from, to }: Period,
): Promise<Statistics['verifications']> {
  const { rows } = await db.query<Statistics['verifications']>(
    `SELECT ${CHECKS} FROM verifications WHERE ended_at >= $1 AND ended_at < $2`,
    [from, to],
  );
  return rows[0] as Statistics['verifications'];
}

export async function summarizeRecoveryTests(
  db: Database,
  { from, to }: Period,
): Promise<Statistics['recoveryTests']> {
  const { rows } = await db.query<Statistics['recoveryTests']>(
    `SELECT ${CHECKS}, avg(rto_seconds) FILTER (WHERE status = 'passed') AS "averageRtoSeconds",
       max(rto_seconds) FILTER (WHERE status = 'passed') AS "maxRtoSeconds"
     FROM recovery_tests WHERE ended_at >= $1 AND ended_at < $2`,
    [from, to],
  );
  return rows[0] as Statistics['recoveryTests'];
}
