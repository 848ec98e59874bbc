import { randomBytes } from 'node:crypto';
import { appendAudit } from '@safekeep/shared/audit/audit';
import type { Secret } from '@safekeep/shared/config/secret';
import { inTransaction } from '@safekeep/shared/history/database';
import { hasUsers, insertUser } from '@safekeep/shared/history/users';
import type pg from 'pg';
import { hashPassword } from './password.js';

/**
 * Creates the first user, an admin, when there is none yet. Of several processes that start at once, one creates it.
 *
 * @param password the wanted password; without one a password is made up and handed to `show`, before the user exists
 *   for good: a crash in between leaves a void password on the screen rather than an admin nobody can be.
 */
export async function ensureFirstAdmin(
  pool: pg.Pool,
  username: string,
  password: Secret | undefined,
  show: (password: string) => void,
): Promise<void> {
  if (await hasUsers(pool)) return;
  // 18 random bytes: 24 characters that survive a double click and a terminal.
  const chosen = password?.reveal() ?? randomBytes(18).toString('base64url');
  const passwordHash = await hashPassword(chosen);
  await inTransaction(pool, async (db) => {
    // Starting processes take turns, also where they disagree about the name. Any fixed number will do.
    await db.query('SELECT pg_advisory_xact_lock(7305004)');
    if (await hasUsers(db)) return;
    await insertUser(db, { username, passwordHash, role: 'admin' });
    const actor = { id: null, name: 'api', address: null };
    await appendAudit(db, { actor, action: 'user.create', target: username, result: 'ok' });
    if (password === undefined) show(chosen);
  });
}
