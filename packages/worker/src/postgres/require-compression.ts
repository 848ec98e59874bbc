import { join } from 'node:path';
import { fail } from '@safekeep/shared/errors';
import { execa } from 'execa';
import type { PostgresPrograms } from './program.js';

/** How long a pg_dump may take to find no server, in milliseconds. */
const TIMEOUT = 10_000;
/** A folder that has no server's socket in it, on any system. */
const NOWHERE = '/dev/null/nowhere';

/**
 * Checks that a pg_dump can write, and the pg_restore beside it read, an archive that is compressed in this way: all can
 * gzip; lz4 and zstd need version 16 and a build with them.
 *
 * @param compression such as `zstd:3`
 * @throws SafekeepError COMPRESSION_UNSUPPORTED
 */
export async function requireCompression(programs: PostgresPrograms, compression: string): Promise<void> {
  if (!/^(zstd|lz4):/.test(compression)) return;
  if (programs.major >= 16 && (await isBuiltWith(programs, compression))) return;
  throw fail('COMPRESSION_UNSUPPORTED', { compression, client: programs.version });
}

/** pg_dump looks at what it is asked for before it looks for the server. */
async function isBuiltWith(programs: PostgresPrograms, compression: string): Promise<boolean> {
  const options = ['--format=custom', `--compress=${compression}`, '--no-password'];
  const server = [`--host=${NOWHERE}`, '--dbname=none'];
  const result = await execa(join(programs.directory, 'pg_dump'), [...options, ...server], {
    reject: false,
    // Nothing of the worker's environment: the encryption key is in it. Wrappers need a PATH.
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    extendEnv: false,
    stdin: 'ignore',
    timeout: TIMEOUT,
  });
  return /connection to server/.test(result.stderr ?? '');
}
