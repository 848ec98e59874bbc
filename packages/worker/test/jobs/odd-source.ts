import pg from 'pg';
import { sql } from '../../../shared/test/servers.js';
import type { OddDatabase } from '../process/odd-databases.js';

/**
 * Makes an odd database on the tests' server until `work` has ended. It takes its roles with it: several test files make
 * the same ones on one server.
 */
export async function whileThere(odd: OddDatabase, work: () => Promise<void>): Promise<void> {
  const before = await roles();
  await sql('postgres', `CREATE DATABASE ${pg.escapeIdentifier(odd.name)} TEMPLATE template0`);
  try {
    await sql(odd.name, odd.sql);
    await work();
  } finally {
    await drop(odd.name);
    const made = (await roles()).filter((role) => !before.includes(role));
    for (const role of made) await sql('postgres', `DROP ROLE ${pg.escapeIdentifier(role)}`);
  }
}

export async function drop(database: string): Promise<void> {
  await sql('postgres', `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(database)} WITH (FORCE)`);
}

async function roles(): Promise<string[]> {
  const rows = await sql<{ rolname: string }>('postgres', 'SELECT rolname FROM pg_roles');
  return rows.map(({ rolname }) => rolname);
}
