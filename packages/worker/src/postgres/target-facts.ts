import { withDatabase } from '@safekeep/shared/config/postgres-url';
import type { Secret } from '@safekeep/shared/config/secret';
import type pg from 'pg';
import { findContents, onServer, onTarget, readMark } from './target-database.js';
import { targetFailure } from './target-failure.js';

/** What a server that a backup shall be restored to is like, for the role that restores. */
export interface TargetFacts {
  readonly serverVersion: string;
  readonly role: string;
  readonly superuser: boolean;
  readonly mayCreateDatabases: boolean;
  readonly mayCreateRoles: boolean;
  /** `null` where the server does not tell. */
  readonly systemIdentifier: string | null;
  /** The target database, `null` when there is none of that name. */
  readonly existing: ExistingDatabase | null;
  /** Names of the extensions that could be installed. */
  readonly extensions: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
}

interface ExistingDatabase {
  /** Its comment. */
  readonly mark: string;
  readonly encoding: string;
  /** Such as `3 function(s)`; empty when nobody has made anything in it. */
  readonly contents: readonly string[];
}

/** @throws SafekeepError TARGET_UNREACHABLE, TARGET_LOGIN_FAILED, TARGET_REFUSED */
export async function readTargetFacts(server: Secret, database: string): Promise<TargetFacts> {
  const facts = await onServer(server, (client) => readServer(client, database));
  if (facts.existing === null) return { ...facts, existing: null };
  const contents = await onTarget(withDatabase(server, database), findContents);
  return { ...facts, existing: { ...facts.existing, contents } };
}

const SERVER = `
  SELECT split_part(current_setting('server_version'), ' ', 1) AS "serverVersion", rolname AS role,
    rolsuper AS superuser, rolsuper OR rolcreatedb AS "mayCreateDatabases", rolsuper OR rolcreaterole AS "mayCreateRoles",
    ARRAY(SELECT name::text FROM pg_catalog.pg_available_extensions) AS extensions,
    ARRAY(SELECT rolname::text FROM pg_catalog.pg_roles) AS roles,
    CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
      THEN (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) END AS "systemIdentifier"
  FROM pg_catalog.pg_roles WHERE rolname = current_user`;

interface ServerRow extends Omit<TargetFacts, 'extensions' | 'roles' | 'existing'> {
  readonly extensions: string[];
  readonly roles: string[];
}

async function readServer(client: pg.Client, database: string) {
  try {
    const { rows } = await client.query<ServerRow>(SERVER);
    const row = rows[0] as ServerRow;
    const mark = await readMark(client, database);
    const existing = mark === null ? null : { mark, encoding: await readEncoding(client, database) };
    return { ...row, extensions: new Set(row.extensions), roles: new Set(row.roles), existing };
  } catch (error) {
    throw targetFailure('show what it has', error);
  }
}

async function readEncoding(client: pg.Client, database: string): Promise<string> {
  const { rows } = await client.query<{ encoding: string }>(
    'SELECT pg_catalog.pg_encoding_to_char(encoding) AS encoding FROM pg_catalog.pg_database WHERE datname = $1',
    [database],
  );
  return rows[0]?.encoding ?? '';
}
