import { randomBytes } from 'node:crypto';
import { psql } from './psql.js';

export const CLINIC = 'healthy_stellar';
export const RESTORED = 'healthy_stellar_restored';
const HISTORY = 'safekeep_history';

export interface Databases {
  /** The source as its backup role sees it. */
  readonly sourceUrl: string;
  readonly historyUrl: string;
  /** A role that may make databases, for recovery tests and restores. */
  readonly restoreUrl: string;
}

/**
 * Makes the empty clinic, the history database and a role for each of Safekeep's connections; none is a
 * superuser. The clinic stays the superuser's own.
 *
 * The backup role needs three rights, and pg_dump fails over each that is missing: `pg_read_all_data` for tables,
 * sequences and locks; BYPASSRLS for tables with row-level security; and, as PostgreSQL before 18 has no right to read
 * all large objects, `lo_compat_privileges` for its own sessions.
 */
export async function makeDatabases(url: (database: string) => string): Promise<Databases> {
  const password = () => randomBytes(18).toString('base64url');
  const [backupPassword, historyPassword, restorePassword] = [password(), password(), password()];
  await psql(
    url('postgres'),
    `CREATE ROLE safekeep_backup LOGIN BYPASSRLS PASSWORD '${backupPassword}';
     GRANT pg_read_all_data TO safekeep_backup;
     ALTER ROLE safekeep_backup SET lo_compat_privileges = on;
     CREATE ROLE safekeep_history LOGIN PASSWORD '${historyPassword}';
     CREATE ROLE safekeep_restore LOGIN CREATEDB BYPASSRLS PASSWORD '${restorePassword}';
     CREATE DATABASE ${CLINIC};
     CREATE DATABASE ${HISTORY} OWNER safekeep_history;`,
  );
  return {
    sourceUrl: as(url(CLINIC), 'safekeep_backup', backupPassword),
    historyUrl: as(url(HISTORY), 'safekeep_history', historyPassword),
    restoreUrl: as(url('postgres'), 'safekeep_restore', restorePassword),
  };
}

function as(url: string, user: string, password: string): string {
  return Object.assign(new URL(url), { username: user, password }).href;
}
