import { fail } from '@safekeep/shared/errors';
import type { Database } from '@safekeep/shared/history/database';
import { findUser, type User } from '@safekeep/shared/history/users';
import type { Tokens } from './token.js';

/**
 * Finds the user behind an Authorization header. The user is read on every request, so that disabling an account,
 * changing its role and raising its token version hold at once.
 *
 * @throws SafekeepError TOKEN_MISSING or TOKEN_INVALID
 */
export async function findBearer(
  db: Database,
  tokens: Tokens,
  authorization: string | undefined,
): Promise<User> {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  if (token === undefined) throw fail('TOKEN_MISSING');
  const claims = tokens.read(token);
  const user = await findUser(db, claims.sub);
  if (user === null || user.disabled || user.tokenVersion !== claims.ver) throw fail('TOKEN_INVALID');
  return user;
}
