import type { Redis } from 'ioredis';
import { refuse } from '../refusal.js';
import { Counter } from './counter.js';
import { WRITES } from './limits.js';

/** Limits how often one user may change something. Whoever cannot be counted passes: a backup matters more. */
export class WriteThrottle {
  readonly #counter: Counter;

  constructor(redis: Redis) {
    this.#counter = new Counter(redis, 'writes', WRITES);
  }

  /** @throws SafekeepError TOO_MANY_REQUESTS */
  async admit(userId: string): Promise<void> {
    const count = await this.#counter.tryAdd(userId);
    if (count?.exceeded) {
      throw refuse('TOO_MANY_REQUESTS', {}, { 'Retry-After': String(count.secondsLeft) });
    }
  }
}
