import { Secret } from '@safekeep/shared/config/secret';
import { findUserByName, insertUser, type Role, type User } from '@safekeep/shared/history/users';
import { hashPassword } from '../src/auth/password.js';
import { Tokens } from '../src/auth/token.js';
import type { TestApi } from './test-api.js';

/** Everybody's password in these tests. */
export const PASSWORD = 'correct horse battery staple';

const passwordHash = hashPassword(PASSWORD);

export async function addUser(api: TestApi, username: string, role: Role): Promise<User> {
  await insertUser(api.pool, { username, passwordHash: await passwordHash, role });
  return (await findUserByName(api.pool, username)) as User;
}

/** The Authorization header of a user, without the detour of a login. */
export function bearer(api: TestApi, user: User): { Authorization: string } {
  return { Authorization: `Bearer ${new Tokens(new Secret(api.jwtSecret)).issue(user)}` };
}

/** A new user of a role, as a header. */
export async function as(api: TestApi, role: Role): Promise<{ Authorization: string }> {
  return bearer(api, await addUser(api, role, role));
}
