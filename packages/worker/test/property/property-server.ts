import { execFileSync } from 'node:child_process';
import { chownSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type PostgresServer, startPostgres } from '../../../../scripts/services/postgres.js';
import { postgresPrograms } from '../../../../scripts/services/postgres-programs.js';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import {
  chooseProgram,
  findPrograms,
  type PostgresPrograms,
  programDirectories,
} from '../../src/postgres/program.js';
import { runSql } from './session.js';

/** Transactions whose states stand in one file of pg_xact. */
const SEGMENT = 2 ** 20;
/** Where the counter of transactions is set to, one after the other: less than 2^31 apart, rows are frozen in between. */
const JUMPS = [1430 * SEGMENT, 2800 * SEGMENT] as const;
/** So near to 2^32 that the counter begins anew while the first seeds run. */
const LAST_JUMP = 2 ** 32 - 700;

export interface PropertyServer {
  readonly postgres: PostgresServer;
  readonly data: string;
  readonly major: number;
  /** pg_dump and pg_restore of the server's version. */
  readonly programs: PostgresPrograms;
}

/** A table that each new database has: 300 rows older than 2^31 transactions. */
export const ANCIENT = { schema: 'public', name: 'ancient' } as const;

/** A server as anybody has it. */
export async function plainServer(): Promise<PropertyServer> {
  const directory = await scratchFolder('safekeep-property');
  return withPrograms(await startPostgres({ directory }));
}

/** A server with rows from an earlier round of the counter of transactions, which is about to begin anew once more. */
export async function propertyServer(): Promise<PropertyServer> {
  const directory = await scratchFolder('safekeep-property');
  const server = await withPrograms(await startPostgres({ directory }));
  const { postgres, data } = server;
  // Rows move only where a seed says so.
  await runSql(
    postgres.url('postgres'),
    'ALTER SYSTEM SET autovacuum = off',
    'ALTER SYSTEM SET max_prepared_transactions = 20',
    'ALTER DATABASE template0 ALLOW_CONNECTIONS true',
  );
  for (const [at, next] of [...JUMPS, LAST_JUMP].entries()) {
    await freezeAll(postgres);
    await postgres.stop();
    setNextTransaction(data, next);
    await postgres.restart();
    if (at === 0) await runSql(postgres.url('template1'), ...ancientTable());
  }
  await freezeAll(postgres);
  await runSql(postgres.url('postgres'), 'ALTER DATABASE template0 ALLOW_CONNECTIONS false');
  return server;
}

async function withPrograms(postgres: PostgresServer): Promise<PropertyServer> {
  const version = execFileSync(serverProgram('postgres'), ['--version'], { encoding: 'utf8' });
  const major = Number(/(\d+)/.exec(version)?.[1]);
  const found = await findPrograms(await programDirectories(process.env.PATH ?? ''));
  const programs = chooseProgram(found, { source: 'main', version: String(major) });
  return { postgres, data: join(postgres.directory, 'data'), major, programs };
}

async function freezeAll(postgres: PostgresServer): Promise<void> {
  for (const database of ['postgres', 'template1', 'template0'])
    await runSql(postgres.url(database), 'VACUUM FREEZE');
}

function ancientTable(): string[] {
  return [
    'CREATE TABLE ancient (k0 int4 PRIMARY KEY, v0 text)',
    'INSERT INTO ancient SELECT g, md5(g::text) FROM generate_series(1, 300) g',
  ];
}

/** The server is stopped. It looks for the state of transactions that share a page with the next one. */
function setNextTransaction(data: string, next: number): void {
  const name = Math.floor(next / SEGMENT)
    .toString(16)
    .toUpperCase()
    .padStart(4, '0');
  const segment = join(data, 'pg_xact', name);
  writeFileSync(segment, Buffer.alloc(SEGMENT / 4), { mode: 0o600 });
  const { uid, gid } = statSync(data);
  chownSync(segment, uid, gid);
  execFileSync(serverProgram('pg_resetwal'), ['-x', String(next), '-D', data], {
    cwd: '/',
    uid,
    gid,
    stdio: 'ignore',
  });
}

/** A program that is no client's: it may be beside `postgres` alone. */
export function serverProgram(name: string): string {
  return join(dirname(realpathSync(join(postgresPrograms(), 'postgres'))), name);
}
