import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePostgresUrl } from '@safekeep/shared/config/postgres-url';
import type { Secret } from '@safekeep/shared/config/secret';
import { errorCode } from '@safekeep/shared/logger';
import { STARTED_BY } from './orphaned-programs.js';

/** How PostgreSQL's programs get to one database without a secret in their arguments or environment. */
export interface LibpqAccess {
  readonly environment: Readonly<Record<string, string>>;
  /** `dbname='…' keepalives_idle=…`, quoted for --dbname: a name that starts with `-` or holds `=` or `://` stays a name. */
  readonly database: string;
  /** How the programs' connections can be told from others in pg_stat_activity. */
  readonly applicationName: string;
  /** Removes the passfile. */
  close(): Promise<void>;
}

/** Folders of passfiles, named with the pid of their worker. */
const PASSFILE_FOLDER = 'safekeep-pgpass-';

/** URL parameters that libpq knows by another name in the environment. */
const PARAMETERS: Readonly<Record<string, string>> = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslnegotiation: 'PGSSLNEGOTIATION',
  channel_binding: 'PGCHANNELBINDING',
  gssencmode: 'PGGSSENCMODE',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  options: 'PGOPTIONS',
};

/** What PostgreSQL's programs may see of the worker's environment. */
const PASSED_ON = ['PATH', 'HOME', 'PGPASSFILE', 'KRB5CCNAME', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];

/**
 * Turns the URL of a source into libpq's environment; the password goes to a 0600 passfile in a folder of its own.
 * Only the variables named here reach the program: the encryption key never does.
 *
 * @param applicationName at most 63 bytes
 */
export async function libpqAccess(
  url: Secret,
  inherited: NodeJS.ProcessEnv,
  applicationName = `safekeep-${randomUUID().slice(0, 8)}`,
): Promise<LibpqAccess> {
  const target = parsePostgresUrl(url);
  const environment: Record<string, string> = {
    LC_ALL: 'C',
    TZ: 'UTC',
    PGAPPNAME: applicationName,
    PGCONNECT_TIMEOUT: '10',
    [STARTED_BY]: String(process.pid),
  };
  for (const name of PASSED_ON) {
    const value = inherited[name];
    if (value !== undefined) environment[name] = value;
  }
  if (target.host) environment.PGHOST = target.host;
  if (target.port) environment.PGPORT = target.port;
  if (target.user) environment.PGUSER = target.user;
  for (const [parameter, value] of new URL(url.reveal()).searchParams) {
    const name = PARAMETERS[parameter];
    if (name !== undefined) environment[name] = value;
  }
  const database = conninfoDatabase(target.database ?? '');
  if (!target.password) return { environment, database, applicationName, close: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), `${PASSFILE_FOLDER}${process.pid}-`));
  environment.PGPASSFILE = join(folder, 'pgpass');
  await writeFile(environment.PGPASSFILE, `*:*:*:*:${escapePassword(target.password)}\n`, { mode: 0o600 });
  return {
    environment,
    database,
    applicationName,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Removes the passfiles of workers of this user that were killed. To be called before the first `libpqAccess`. */
export async function removeOrphanedPassfiles(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PASSFILE_FOLDER)) continue;
    const pid = Number.parseInt(name.slice(PASSFILE_FOLDER.length), 10);
    // A folder of another user stays: removing it fails, and it is not ours to report.
    if (pid === process.pid || !isAlive(pid))
      await rm(join(tmpdir(), name), { recursive: true }).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** A server that vanished is noticed within a minute and not after two hours; libpq has no variables for it. In seconds. */
const KEEPALIVES = 'keepalives_idle=30 keepalives_interval=10 keepalives_count=3';

/** A keyword/value connection string with the database's name, as libpq quotes it, and how a dead network is noticed. */
export function conninfoDatabase(name: string): string {
  return `dbname='${name.replace(/[\\']/g, '\\$&')}' ${KEEPALIVES}`;
}

function escapePassword(password: string): string {
  return password.replace(/[\\:]/g, '\\$&');
}
