import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '@safekeep/shared/errors';
import { execa } from 'execa';

/** A pg_dump of one version with the programs beside it. */
export interface PostgresPrograms {
  /** Folder of pg_dump, pg_dumpall and pg_restore. */
  readonly directory: string;
  /** Such as `15.18`. */
  readonly version: string;
  readonly major: number;
}

/** Where packages put the versions of PostgreSQL side by side: Debian and Ubuntu, then Red Hat. */
const VERSIONED_ROOTS = ['/usr/lib/postgresql', '/usr'];

/** How long a pg_dump may think about its version before it is passed over, in milliseconds. */
const VERSION_TIMEOUT = 10_000;

/**
 * The folders that may hold PostgreSQL's programs: the packages' versioned ones, then those of PATH, where Debian's
 * pg_dump is a wrapper that chooses a version by files in the user's home.
 */
export async function programDirectories(path: string): Promise<string[]> {
  const directories: string[] = [];
  for (const root of VERSIONED_ROOTS) {
    const names = await readdir(root).catch(() => []);
    const versions = names.filter((name) => /^(\d+|pgsql-\d+)$/.test(name));
    directories.push(...versions.map((name) => join(root, name, 'bin')));
  }
  directories.push(...path.split(':').filter((directory) => directory.startsWith('/')));
  return [...new Set(directories)];
}

/** Asks every pg_dump in the folders for its version. Folders without one are passed over. */
export async function findPrograms(directories: readonly string[]): Promise<PostgresPrograms[]> {
  const found = await Promise.all(directories.map(readVersion));
  return found.filter((programs) => programs !== null);
}

async function readVersion(directory: string): Promise<PostgresPrograms | null> {
  const result = await execa(join(directory, 'pg_dump'), ['--version'], {
    reject: false,
    // Nothing of the worker's environment: the encryption key is in it. Wrappers need a PATH.
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    extendEnv: false,
    stdin: 'ignore',
    timeout: VERSION_TIMEOUT,
  });
  const version = /\(PostgreSQL\) (\d+[^\s]*)/.exec(result.stdout ?? '')?.[1];
  return version === undefined ? null : { directory, version, major: Number.parseInt(version, 10) };
}

/**
 * Chooses the oldest pg_dump that can dump the server: the same major version where there is one, because an archive
 * of a newer pg_dump may not be readable by the pg_restore that belongs to the server.
 *
 * @throws SafekeepError PG_DUMP_MISSING, PG_DUMP_TOO_OLD
 */
export function chooseProgram(
  found: readonly PostgresPrograms[],
  server: { readonly source: string; readonly version: string },
): PostgresPrograms {
  const byAge = [...found].sort((left, right) => left.major - right.major);
  const newest = byAge.at(-1);
  if (newest === undefined) throw fail('PG_DUMP_MISSING');
  const major = Number.parseInt(server.version, 10);
  const fit = byAge.find((programs) => programs.major >= major);
  if (fit !== undefined) return fit;
  throw fail('PG_DUMP_TOO_OLD', { source: server.source, server: server.version, client: newest.version });
}

/**
 * Chooses the oldest programs whose pg_restore can read what this pg_dump wrote: a newer one than needed sets what an
 * older server does not know.
 *
 * @throws SafekeepError PG_DUMP_MISSING, PG_RESTORE_TOO_OLD
 */
export function chooseRestoreProgram(
  found: readonly PostgresPrograms[],
  pgDumpVersion: string,
): PostgresPrograms {
  const byAge = [...found].sort((left, right) => left.major - right.major);
  const newest = byAge.at(-1);
  if (newest === undefined) throw fail('PG_DUMP_MISSING');
  const major = Number.parseInt(pgDumpVersion, 10);
  const fit = byAge.find((programs) => programs.major >= major);
  if (fit !== undefined) return fit;
  throw fail('PG_RESTORE_TOO_OLD', { archive: pgDumpVersion, client: newest.version });
}
