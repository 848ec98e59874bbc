import { psql } from '../demo/psql.js';

/** What one account may change within a minute (packages/api/src/throttle/limits.ts). */
export const WRITES_A_MINUTE = 120;

/** Somebody with a token. */
export interface Account {
  readonly username: string;
  readonly token: string;
}

/**
 * Makes operators with the password of the first administrator and logs each of them in. One account may change so little
 * within a minute that with one alone the throttle would be measured.
 */
export async function makeAccounts(
  historyUrl: string,
  apiUrl: string,
  password: string,
  count: number,
): Promise<Account[]> {
  await psql(
    historyUrl,
    `INSERT INTO users (id, username, password_hash, role)
     SELECT gen_random_uuid(), 'operator-' || n, password_hash, 'operator'
     FROM users, generate_series(1, ${count}) n WHERE username = 'admin'`,
  );
  const accounts: Account[] = [];
  for (let number = 1; number <= count; number += 1) {
    const username = `operator-${number}`;
    const answer = await fetch(`${apiUrl}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    accounts.push({ username, token });
  }
  return accounts;
}
