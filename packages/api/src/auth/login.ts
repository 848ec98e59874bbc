import { findUserByName, type User } from '@safekeep/shared/history/users';
import type pg from 'pg';
import type { LoginThrottle } from '../throttle/login-throttle.js';
import type { Gate } from './gate.js';
import type { PasswordCheck } from './password.js';

/** What a login needs. */
export interface LoginDesk {
  readonly pool: pg.Pool;
  readonly throttle: LoginThrottle;
  readonly passwords: PasswordCheck;
  readonly gate: Gate;
}

interface LoginAttempt {
  readonly username: string;
  readonly password: string;
  readonly address: string;
}

/** The reason of a refusal is for the audit trail; the caller must not learn it. */
type LoginResult =
  | { readonly kind: 'accepted'; readonly user: User }
  | { readonly kind: 'refused'; readonly user: User | null; readonly reason: RefusedLogin };

type RefusedLogin = 'unknown user' | 'account locked' | 'account disabled' | 'wrong password';

/**
 * Checks a name and a password. Every refused attempt costs the same lookups and one password hash, whatever the
 * reason, so neither the answer nor its delay tells which accounts exist.
 *
 * @throws SafekeepError TOO_MANY_REQUESTS for an address that failed too often or when too many logins wait,
 *   LOGIN_UNAVAILABLE when Redis cannot be reached.
 */
export async function logIn(desk: LoginDesk, attempt: LoginAttempt): Promise<LoginResult> {
  // Looked at before the line, so that a busy address cannot fill it.
  await desk.throttle.refuseBusyAddress(attempt.address);
  return desk.gate.run(async () => {
    // Before the count: a login that fails because history is away is nobody's guess.
    const user = await findUserByName(desk.pool, attempt.username);
    const { locked } = await desk.throttle.reserve(attempt.username, attempt.address);
    const matches = await desk.passwords.matches(user?.passwordHash, attempt.password);
    const reason = refusal(user, locked, matches);
    if (reason !== null || user === null) return { kind: 'refused', user, reason: reason ?? 'unknown user' };
    await desk.throttle.succeed(attempt.username, attempt.address);
    return { kind: 'accepted', user };
  });
}

function refusal(user: User | null, locked: boolean, matches: boolean): RefusedLogin | null {
  if (user === null) return 'unknown user';
  if (locked) return 'account locked';
  if (user.disabled) return 'account disabled';
  return matches ? null : 'wrong password';
}
