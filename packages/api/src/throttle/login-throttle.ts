import { fail } from '@safekeep/shared/errors';
import type { Redis } from 'ioredis';
import { refuse } from '../refusal.js';
import { type Count, Counter } from './counter.js';
import { ACCOUNT_FAILURES, ADDRESS_FAILURES } from './limits.js';
import { networkOf } from './network.js';

/**
 * Counts failed logins per account and per address. A login is counted before its password is looked at and taken
 * back when it succeeds, so many guesses at the same moment are no way around the limit.
 *
 * Every method throws SafekeepError LOGIN_UNAVAILABLE when Redis cannot be reached: without counting nobody gets in.
 */
export class LoginThrottle {
  readonly #accounts: Counter;
  readonly #addresses: Counter;

  constructor(redis: Redis) {
    this.#accounts = new Counter(redis, 'account', ACCOUNT_FAILURES);
    this.#addresses = new Counter(redis, 'address', ADDRESS_FAILURES);
  }

  /** @throws SafekeepError TOO_MANY_REQUESTS when the address has failed too often. */
  async refuseBusyAddress(address: string): Promise<void> {
    refuseExceeded(await counted(this.#addresses.peek(networkOf(address))));
  }

  /**
   * Counts a login as failed. An account that is unknown is counted like one that exists.
   * @returns whether the account is locked.
   * @throws SafekeepError TOO_MANY_REQUESTS when the address has failed too often.
   */
  async reserve(username: string, address: string): Promise<{ locked: boolean }> {
    refuseExceeded(await counted(this.#addresses.add(networkOf(address))));
    const { exceeded } = await counted(this.#accounts.add(username));
    return { locked: exceeded };
  }

  /** The login succeeded: the account starts afresh; of the address only this login is taken back. */
  async succeed(username: string, address: string): Promise<void> {
    await counted(this.#accounts.clear(username));
    await counted(this.#addresses.release(networkOf(address)));
  }
}

function refuseExceeded(count: Count): void {
  if (count.exceeded) throw refuse('TOO_MANY_REQUESTS', {}, { 'Retry-After': String(count.secondsLeft) });
}

async function counted<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw fail('LOGIN_UNAVAILABLE', {}, error);
  }
}
