import type { Queue } from 'bullmq';
import { QUEUES, type QueueName } from './contracts.js';
import type { Producer } from './producer.js';

/** One queue as Redis shows it now. */
export interface QueueFigures {
  readonly queue: QueueName;
  /** Connected workers. */
  readonly workers: number;
  readonly active: number;
  readonly waiting: number;
  /** Waits for another attempt, or for its time. */
  readonly delayed: number;
  /** Jobs that were given up and are still kept; their rows in history say why. */
  readonly failed: number;
}

/** What the queue `backup` looks like now. */
export interface QueueState {
  /** Connected workers. */
  readonly workers: number;
  readonly active: number;
  readonly waiting: number;
}

/** When a schedule will put its next job on a queue. */
export interface NextRun {
  readonly schedule: string;
  readonly source: string;
  readonly at: Date;
}

/** `database` is the number of the Redis database: Redis lists the clients of all of them. */
async function readQueue(queue: Queue, database: string): Promise<QueueFigures> {
  const [counts, connected] = await Promise.all([
    queue.getJobCounts('active', 'wait', 'delayed', 'failed'),
    queue.getWorkers(),
  ]);
  return {
    queue: queue.name as QueueName,
    workers: connected.filter((worker) => worker.db === database).length,
    active: counts.active ?? 0,
    waiting: counts.wait ?? 0,
    delayed: counts.delayed ?? 0,
    failed: counts.failed ?? 0,
  };
}

/** What the queue `backup` looks like, `null` when Redis does not answer in time. */
export async function readBackupQueue(producer: Producer): Promise<QueueState | null> {
  const figures = await producer.inspect(async (queue, database) => ({
    ...(await readQueue(queue('backup'), database)),
    scheduled: await queue('backup').getJobSchedulersCount(),
  }));
  if (figures === null) return null;
  const { workers, active, waiting, delayed, scheduled } = figures;
  // Each schedule keeps one job in the queue until it is due; nobody waits for that.
  return { workers, active, waiting: waiting + Math.max(0, delayed - scheduled) };
}

/** All queues and what is scheduled on them, `null` when Redis does not answer in time. */
export async function readQueues(
  producer: Producer,
): Promise<{ queues: QueueFigures[]; nextRuns: NextRun[] } | null> {
  return producer.inspect(async (queue, database) => {
    const [queues, nextRuns] = await Promise.all([
      Promise.all(QUEUES.map((name) => readQueue(queue(name), database))),
      Promise.all(QUEUES.map((name) => readNextRuns(queue(name)))),
    ]);
    return { queues, nextRuns: nextRuns.flat() };
  });
}

/** A scheduler's id is `<name>.<source>`; neither has a dot. */
async function readNextRuns(queue: Queue): Promise<NextRun[]> {
  const schedulers = await queue.getJobSchedulers();
  return schedulers.flatMap(({ key, next }) => {
    const [schedule = '', source = ''] = key.split('.');
    return next === undefined ? [] : [{ schedule, source, at: new Date(next) }];
  });
}
