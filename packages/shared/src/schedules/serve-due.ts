import type pg from 'pg';
import { type Actor, appendAudit } from '../audit/audit.js';
import type { ScheduleName } from '../contracts/schedule.js';
import { type Database, inTransaction } from '../history/database.js';
import { claimDueTime, type DueRun, isServed, nameDueSubject } from '../history/due-runs.js';
import { holdSchedule, type ScheduleRow } from '../history/schedules.js';
import { describeError, type Logger } from '../logger.js';
import { isLate, newestDue } from '../policy/due.js';
import { dueRule } from '../policy/schedule.js';
import type { Producer } from '../queues/producer.js';
import { SCHEDULE_KINDS } from './kinds.js';
import type { ScheduledJob } from './requests.js';

/** Who asks when nobody does. */
const ACTOR: Actor = { id: null, name: 'schedule', address: null };

export interface Scheduling {
  readonly pool: pg.Pool;
  readonly producer: Producer;
  readonly logger: Logger;
}

/** Which schedule is looked at, and who looks. */
interface DueLook {
  readonly source: string;
  readonly name: ScheduleName;
  /** The queue has announced a due time, or a reconciler looks for one that the queue let pass. */
  readonly by: 'queue' | 'reconciler';
}

/** What became of it, in words for the queue's dashboard. */
type Served = 'unknown schedule' | 'nothing due' | 'served before' | 'nothing to do' | 'requested';

/** The queue may be this early by history's clock, in milliseconds: clocks of two machines differ. */
const EARLY = 30_000;

/** How long the queue may take before a reconciler serves a due time, in milliseconds. */
const PATIENCE = 30_000;

/**
 * Serves the newest due time of a schedule, if nobody has: however many due times were missed, and whoever notices, the
 * job is asked for once. The due time is taken and the rows are inserted in one transaction; only then are they queued, and
 * what the queue does not take now it gets from the reconciler of lost jobs.
 */
export async function serveDue(scheduling: Scheduling, look: DueLook): Promise<Served> {
  const { pool, producer, logger } = scheduling;
  const outcome = await inTransaction(pool, (db) => take(db, look));
  if (typeof outcome === 'string') return outcome;
  const { run, jobs } = outcome;
  if (run.late) {
    const facts = { schedule: run.name, source: run.source, dueAt: run.dueAt.toISOString() };
    logger.warn('a due time was missed; it is served late', facts);
  }
  for (const job of jobs) {
    await job.enqueue(producer).catch((error: unknown) => {
      logger.warn('a scheduled job waits in history for the queue', {
        id: job.id,
        error: describeError(error),
      });
    });
  }
  return jobs.length === 0 ? 'nothing to do' : 'requested';
}

interface Taken {
  readonly run: DueRun;
  readonly jobs: readonly ScheduledJob[];
}

async function take(db: Database, look: DueLook): Promise<Served | Taken> {
  const held = await holdSchedule(db, look.source, look.name);
  if (held === null) return 'unknown schedule';
  const { schedule, now } = held;
  const dueAt = await dueTime(db, schedule, now, look.by);
  if (dueAt === null) return 'nothing due';
  const run = { source: look.source, name: look.name, dueAt, late: isLate(dueAt, now) };
  if (!(await claimDueTime(db, run))) return 'served before';
  const jobs = await SCHEDULE_KINDS[look.name].request(db, look.source);
  if (jobs[0] !== undefined) await nameDueSubject(db, run, jobs[0].id);
  for (const { audit } of jobs) {
    if (audit !== null) await appendAudit(db, { actor: ACTOR, result: 'ok', ...audit });
  }
  return { run, jobs };
}

async function dueTime(
  db: Database,
  schedule: ScheduleRow,
  now: Date,
  by: DueLook['by'],
): Promise<Date | null> {
  const rule = dueRule(schedule);
  if (by === 'queue') return newestDue(rule, new Date(now.getTime() + EARLY));
  const overlooked = newestDue(rule, new Date(now.getTime() - PATIENCE));
  if (overlooked === null || (await isServed(db, schedule, overlooked, new Date(now.getTime() + EARLY)))) {
    return null;
  }
  return newestDue(rule, now);
}
