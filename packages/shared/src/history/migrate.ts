import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import type { ConfigOf } from '../config/load.js';
import type { Secret } from '../config/secret.js';
import { fail } from '../errors.js';
import { errorCode } from '../logger.js';
import { clientOptions } from './database.js';
import { translateOutage } from './outage.js';

const DIRECTORY = fileURLToPath(new URL('../../migrations', import.meta.url));

/**
 * Brings the history database to the newest schema. Safe when many processes start at once: they wait for each other
 * on an advisory lock, and whoever comes later finds nothing left to do.
 *
 * Where HISTORY_MIGRATIONS_URL names a role of its own, the role of HISTORY_DATABASE_URL gets the rights it needs and
 * none to change or remove audit events.
 *
 * @returns the names of the migrations that this call applied.
 * @throws SafekeepError HISTORY_UNAVAILABLE, MIGRATION_FAILED
 */
export async function migrateHistory(
  config: Pick<ConfigOf<'catalog'>, 'HISTORY_DATABASE_URL' | 'HISTORY_MIGRATIONS_URL'>,
): Promise<string[]> {
  const url = config.HISTORY_MIGRATIONS_URL ?? config.HISTORY_DATABASE_URL;
  const applied = await runner({
    databaseUrl: clientOptions(url),
    dir: DIRECTORY,
    direction: 'up',
    migrationsTable: 'schema_migrations',
    advisoryLockMode: 'wait',
    log: () => {},
  }).catch((error: unknown) => {
    throw migrationFailure(error);
  });
  const [migrator, application] = [clientOptions(url).user, clientOptions(config.HISTORY_DATABASE_URL).user];
  if (application !== undefined && application !== migrator) await grantApplication(url, application);
  return applied.map((migration) => migration.name);
}

/** The names of all migrations that this version knows, oldest first. */
export async function listMigrations(): Promise<string[]> {
  const files = await readdir(DIRECTORY);
  const names = files.filter((file) => file.endsWith('.sql')).map((file) => file.slice(0, -'.sql'.length));
  return names.sort((a, b) => a.localeCompare(b, 'en'));
}

function migrationFailure(error: unknown): unknown {
  const outage = translateOutage(error);
  if (outage !== error) return outage;
  // Where the library cannot make its own table it keeps of the driver's error nothing but the text.
  const refused = error instanceof Error && /permission denied/.test(error.message);
  return fail('MIGRATION_FAILED', { sqlstate: refused ? '42501' : errorCode(error) }, error);
}

async function grantApplication(url: Secret, role: string): Promise<void> {
  const client = new pg.Client(clientOptions(url));
  await client.connect();
  try {
    const name = pg.escapeIdentifier(role);
    // Grants of two processes at once would fail one of them ("tuple concurrently updated").
    await client.query(`
      BEGIN;
      SELECT pg_advisory_xact_lock(7305005);
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name};
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${name};
      REVOKE UPDATE, DELETE, TRUNCATE ON audit_events FROM ${name};
      REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM ${name};
      COMMIT`);
  } finally {
    await client.end();
  }
}
