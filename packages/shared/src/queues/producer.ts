import { setTimeout as delay } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { Secret } from '../config/secret.js';
import { fail } from '../errors.js';
import { type JobData, type JobName, jobContracts, QUEUE_PREFIX, type QueueName } from './contracts.js';
import {
  JOB_SETTINGS,
  LONGEST_PAUSE,
  PRODUCER_DEADLINE,
  producerConnection,
  SCHEDULER_SETTINGS,
} from './settings.js';

/** Puts jobs on the queues, or says within a second that it cannot. */
export class Producer {
  readonly #redis: Redis;
  readonly #queues = new Map<QueueName, Queue>();
  #library: typeof import('bullmq') | undefined;

  constructor(
    redis: Secret,
    private readonly onError: (error: Error) => void,
  ) {
    this.#redis = new Redis(redis.reveal(), producerConnection());
    this.#redis.on('error', onError);
  }

  /**
   * Enqueues the job of one history row; `id` is the row's and becomes the job's, so a row has one job at most.
   * @throws SafekeepError QUEUE_UNAVAILABLE when Redis did not confirm in time: the job may still have got there, and the
   * worker looks at the row before it does anything. QUEUE_FULL when Redis has no memory left.
   */
  async enqueue<Q extends QueueName, N extends JobName<Q>>(
    queue: Q,
    name: N,
    id: string,
    data: JobData<Q, N>,
  ): Promise<void> {
    const checked = check(queue, name, data);
    await this.#whileReady(() => this.#queue(queue).add(name, checked, { ...JOB_SETTINGS, jobId: id }));
  }

  /**
   * Enqueues a job that the queue has lost or given up; one that still waits or runs is left alone.
   * @returns whether the job was missing.
   * @throws SafekeepError QUEUE_UNAVAILABLE
   */
  async restore<Q extends QueueName, N extends JobName<Q>>(
    queue: Q,
    name: N,
    id: string,
    data: JobData<Q, N>,
  ): Promise<boolean> {
    const state = await this.#whileReady(() => this.#queue(queue).getJobState(id));
    if (!['unknown', 'failed', 'completed'].includes(state)) return false;
    // The queue ignores an id that it has seen, also when that job has ended.
    if (state !== 'unknown') await this.#whileReady(() => this.#queue(queue).remove(id));
    await this.enqueue(queue, name, id, data);
    return true;
  }

  /**
   * Lets a job begin that is put off for longer than any pause of ours. A machine whose clock ran ahead did that, and once it
   * is gone nobody would take the job before then. @returns whether it was put off so far.
   * @throws SafekeepError QUEUE_UNAVAILABLE
   */
  async hasten(queue: QueueName, id: string): Promise<boolean> {
    const score = await this.onQueue(queue, (jobs) => this.#redis.zscore(jobs.toKey('delayed'), id));
    if (score === null) return false;
    const [seconds] = await this.#whileReady(() => this.#redis.time());
    // The queue keeps 12 bits of a delayed job's score for the order of those that are due together.
    if (Number(score) / 0x1000 <= Number(seconds) * 1_000 + LONGEST_PAUSE) return false;
    await this.onQueue(queue, async (jobs) => (await jobs.getJob(id))?.promote());
    return true;
  }

  /** Whether Redis answers. */
  async ping(): Promise<boolean> {
    return (await this.#whileReady(() => this.#redis.ping()).catch(() => null)) !== null;
  }

  /** What `read` finds out about the queues, `null` when Redis does not answer in time. */
  async inspect<T>(
    read: (queue: (name: QueueName) => Queue, database: string) => Promise<T>,
  ): Promise<T | null> {
    try {
      return await this.#whileReady(() =>
        read((name) => this.#queue(name), String(this.#redis.options.db ?? 0)),
      );
    } catch {
      return null;
    }
  }

  /**
   * One piece of work on a queue that is no job of a row, such as its schedulers.
   * @throws SafekeepError QUEUE_UNAVAILABLE when Redis did not confirm in time; it may have been done all the same.
   */
  async onQueue<T>(name: QueueName, work: (queue: Queue) => Promise<T>): Promise<T> {
    return this.#whileReady(() => work(this.#queue(name)));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    this.#redis.disconnect();
  }

  /** Only to be called while Redis is connected: a queue that cannot set itself up never recovers. */
  #queue(name: QueueName): Queue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      if (this.#library === undefined) throw new Error('the library of the queue was not loaded');
      queue = new this.#library.Queue(name, {
        connection: this.#redis,
        prefix: QUEUE_PREFIX,
        skipWaitingForReady: true,
        settings: SCHEDULER_SETTINGS,
      });
      queue.on('error', this.onError);
      this.#queues.set(name, queue);
    }
    return queue;
  }

  /** Work that is not begun once the deadline has passed: what was refused must not happen later. */
  async #whileReady<T>(work: () => Promise<T>): Promise<T> {
    // A command that never asks the queue does not wait for its library.
    this.#library ??= await import('bullmq');
    const timer = new AbortController();
    const deadline = delay(PRODUCER_DEADLINE, undefined, { signal: timer.signal }).then(() => {
      throw fail('QUEUE_UNAVAILABLE');
    });
    const attempt = this.#ready(timer.signal).then(work);
    try {
      return await Promise.race([attempt, deadline]);
    } catch (error) {
      throw isFull(error) ? fail('QUEUE_FULL', {}, error) : fail('QUEUE_UNAVAILABLE', {}, error);
    } finally {
      timer.abort();
      deadline.catch(() => {});
      attempt.catch(() => {});
    }
  }

  /** Waits for the connection; rejects when `givenUp` aborts before it is there. */
  async #ready(givenUp: AbortSignal): Promise<void> {
    while (this.#redis.status !== 'ready') await delay(10, undefined, { signal: givenUp });
  }
}

/** Redis answers, but the command would need memory that it may not take. */
function isFull(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('OOM ');
}

function check<Q extends QueueName, N extends JobName<Q>>(queue: Q, name: N, data: JobData<Q, N>): unknown {
  const contract = jobContracts[queue][name] as { parse(value: unknown): unknown };
  return contract.parse(data);
}
