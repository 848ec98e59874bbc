/** How often something may happen within a window of time. */
export interface Limit {
  readonly count: number;
  /** Length of the window in seconds; it begins with the first event. */
  readonly seconds: number;
}

/**
 * Failed logins of one account. Ten are more than a person mistypes, and 40 guesses an hour find no password that
 * passes the minimum of 12 characters.
 */
export const ACCOUNT_FAILURES: Limit = { count: 10, seconds: 900 };

/** Failed logins from one address: room for several people behind one address, too little to try many accounts. */
export const ADDRESS_FAILURES: Limit = { count: 30, seconds: 900 };

/** Writes of one user: a person or a script needs fewer than two a second, a loop gone wrong needs more. */
export const WRITES: Limit = { count: 120, seconds: 60 };

/**
 * Refusals of one kind from one address that are each written to the audit trail. The trail is kept for years and its
 * writers take turns, so nobody without an account may fill it.
 */
export const ANONYMOUS_REFUSALS: Limit = { count: 100, seconds: 900 };

/** Password hashes at a time: each takes 19 MiB and one of the four threads that also serve DNS and files. */
export const HASHES_AT_A_TIME = 2;

/** Logins that wait for a hash: about two seconds of work; whoever comes then is told to come back. */
export const LOGINS_WAITING = 100;
