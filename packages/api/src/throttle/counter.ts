import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { QUEUE_PREFIX } from '@safekeep/shared/queues/contracts';
import type { Redis } from 'ioredis';
import type { Limit } from './limits.js';

/** How often something happened in the current window, and when the window ends. */
export interface Count {
  readonly exceeded: boolean;
  /** This event is the first one beyond the limit. */
  readonly justExceeded: boolean;
  readonly secondsLeft: number;
}

/** How long `tryAdd` waits, in milliseconds; with the queue's own deadline an answer still comes within a second. */
const TRY_DEADLINE = 100;

/**
 * Counts events per subject in Redis, so that all replicas of the API count together. Subjects are stored as hashes:
 * Redis holds no names. Methods throw what the Redis client throws when Redis cannot be reached.
 */
export class Counter {
  readonly #redis: Redis;
  readonly #name: string;
  readonly #limit: Limit;

  constructor(redis: Redis, name: string, limit: Limit) {
    this.#redis = redis;
    this.#name = name;
    this.#limit = limit;
  }

  /** Counts one event; events at the same moment each get a number of their own. */
  async add(subject: string): Promise<Count> {
    const key = this.#key(subject);
    // The first event starts the window; INCR keeps the key's time to live.
    const replies = await this.#redis
      .multi()
      .set(key, 0, 'EX', this.#limit.seconds, 'NX')
      .incr(key)
      .ttl(key)
      .exec();
    return this.#count(reply(replies, 1), reply(replies, 2));
  }

  /** As `add`, but `null` when Redis does not answer at once: for what may go on uncounted. */
  async tryAdd(subject: string): Promise<Count | null> {
    const counting = this.add(subject).catch(() => null);
    return Promise.race([counting, delay(TRY_DEADLINE, null, { ref: false })]);
  }

  /** The count as it stands, as if one more event came. */
  async peek(subject: string): Promise<Count> {
    const key = this.#key(subject);
    const replies = await this.#redis.multi().get(key).ttl(key).exec();
    return this.#count(reply(replies, 0) + 1, reply(replies, 1));
  }

  /** Takes one event back. */
  async release(subject: string): Promise<void> {
    const key = this.#key(subject);
    // Where the window has ended meanwhile, the new one starts at -1 instead of living for ever.
    const replies = await this.#redis.multi().set(key, 0, 'EX', this.#limit.seconds, 'NX').decr(key).exec();
    reply(replies, 1);
  }

  /** Forgets all events of the subject. */
  async clear(subject: string): Promise<void> {
    await this.#redis.del(this.#key(subject));
  }

  #count(events: number, secondsLeft: number): Count {
    return {
      exceeded: events > this.#limit.count,
      justExceeded: events === this.#limit.count + 1,
      secondsLeft: Math.max(secondsLeft, 1),
    };
  }

  #key(subject: string): string {
    const hash = createHash('sha256').update(subject).digest('base64url');
    return `${QUEUE_PREFIX}:throttle:${this.#name}:${hash}`;
  }
}

function reply(replies: [Error | null, unknown][] | null, at: number): number {
  const [error, value] = replies?.[at] ?? [new Error('Redis gave up the transaction')];
  if (error) throw error;
  return Number(value ?? 0);
}
