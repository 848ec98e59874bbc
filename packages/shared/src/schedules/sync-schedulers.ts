import { isDeepStrictEqual } from 'node:util';
import type { JobSchedulerJson } from 'bullmq';
import type pg from 'pg';
import { inTransaction } from '../history/database.js';
import { listSchedules, lockSchedules, type ScheduleRow } from '../history/schedules.js';
import { dueRule } from '../policy/schedule.js';
import { dueJob, type QueueName } from '../queues/contracts.js';
import type { Producer } from '../queues/producer.js';
import { DUE_JOB_SETTINGS } from '../queues/settings.js';
import { SCHEDULE_KINDS, SCHEDULED_QUEUES } from './kinds.js';

/** One scheduler of a queue, as history wants it. */
interface Wanted {
  readonly id: string;
  readonly cron: string;
  readonly timezone: string;
  readonly data: { readonly source: string; readonly schedule: string };
}

/** A next job that is overdue for longer than this is looked for, in milliseconds: it may have been removed. */
const OVERDUE = 60_000;

/**
 * Brings the schedulers of the queues into agreement with history. Only what differs is touched: putting a scheduler
 * that is right once more would drop a run that is overdue.
 *
 * @throws SafekeepError QUEUE_UNAVAILABLE; what is not done yet is done by the next call.
 */
export async function syncSchedulers(pool: pg.Pool, producer: Producer): Promise<void> {
  await inTransaction(pool, async (db) => {
    // Whoever comes second reads what the first one has left, in history and in the queue.
    await lockSchedules(db);
    const schedules = await listSchedules(db);
    for (const queue of SCHEDULED_QUEUES) await syncQueue(producer, queue, wantedOf(queue, schedules));
  });
}

function wantedOf(queue: QueueName, schedules: readonly ScheduleRow[]): Map<string, Wanted> {
  const wanted = schedules.flatMap((row): Wanted[] => {
    const { cron, timezone } = dueRule(row);
    if (SCHEDULE_KINDS[row.name].queue !== queue || cron === null) return [];
    const data = dueJob.parse({ source: row.source, schedule: row.name });
    return [{ id: `${row.name}.${row.source}`, cron, timezone, data }];
  });
  return new Map(wanted.map((one) => [one.id, one]));
}

async function syncQueue(
  producer: Producer,
  name: QueueName,
  wanted: ReadonlyMap<string, Wanted>,
): Promise<void> {
  const found = await producer.onQueue(name, (queue) => queue.getJobSchedulers());
  const right = new Set<string>();
  for (const scheduler of found) {
    const one = wanted.get(scheduler.key);
    if (one === undefined) await producer.onQueue(name, (queue) => queue.removeJobScheduler(scheduler.key));
    else if (agrees(scheduler, one) && !(await isStuck(producer, name, scheduler))) right.add(one.id);
  }
  for (const { id, cron, timezone, data } of wanted.values()) {
    if (right.has(id)) continue;
    const template = { name: 'due', data, opts: DUE_JOB_SETTINGS };
    await producer.onQueue(name, (queue) =>
      queue.upsertJobScheduler(id, { pattern: cron, tz: timezone }, template),
    );
  }
}

function agrees(scheduler: JobSchedulerJson, { cron, timezone, data }: Wanted): boolean {
  return (
    scheduler.name === 'due' &&
    scheduler.pattern === cron &&
    scheduler.tz === timezone &&
    isDeepStrictEqual(scheduler.template?.data, data)
  );
}

/** A scheduler goes on only when its next job is taken; one whose next job is gone would be silent for ever. */
async function isStuck(
  producer: Producer,
  name: QueueName,
  { key, next }: JobSchedulerJson,
): Promise<boolean> {
  if (next === undefined || next > Date.now() - OVERDUE) return false;
  const state = await producer.onQueue(name, (queue) => queue.getJobState(`repeat:${key}:${next}`));
  return ['unknown', 'completed', 'failed'].includes(state);
}
