import type { LoginRequest } from '@safekeep/shared/contracts/login';
import { fail } from '@safekeep/shared/errors';
import type { User } from '@safekeep/shared/history/users';
import type { AuditDraft } from '../route.js';
import { type LoginDesk, logIn } from './login.js';

/**
 * The way in, for the API and for browsers: checks name and password, and says in the audit draft what came of it. An
 * unknown name stays out of the audit trail: people type their password into the wrong field.
 *
 * @throws SafekeepError LOGIN_FAILED, TOO_MANY_REQUESTS, LOGIN_UNAVAILABLE
 */
export async function checkLogin(
  desk: LoginDesk,
  { username, password }: LoginRequest,
  audit: AuditDraft,
  address: string,
): Promise<User> {
  const result = await logIn(desk, { username, password, address });
  audit.target = result.user?.username ?? null;
  if (result.kind === 'refused') {
    audit.detail = { ...audit.detail, reason: result.reason };
    throw fail('LOGIN_FAILED');
  }
  const { user } = result;
  audit.actor = { id: user.id, name: user.username, address };
  return user;
}
