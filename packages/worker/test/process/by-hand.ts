import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { World } from './world.js';

const run = promisify(execFile);

/** A shell command, as a person at a terminal would type it; its standard output. */
export async function shell(command: string, environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const env = { PATH: process.env.PATH, LC_ALL: 'C', ...environment };
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', command], { env, maxBuffer: 1 << 28 });
  return stdout;
}

/** Opens a backup file with stock tools alone and restores it into a new database. */
export async function restoreByHand(world: World, fileName: string, database: string): Promise<void> {
  await world.sql('postgres', `CREATE DATABASE "${database}" TEMPLATE template0`);
  const file = join(world.backupDirectory, fileName);
  await shell(
    `gunzip -c "$FILE" | openssl enc -aes-256-cbc -d -pbkdf2 -pass "file:$KEY_FILE" | pg_restore --exit-on-error -d "$TARGET"`,
    { FILE: file, KEY_FILE: world.keyFile, TARGET: world.postgres.url(database) },
  );
}

/**
 * All that a database holds as one text: definitions, rows, sequences, large objects, grants. Two databases with the
 * same text are equal in everything that pg_dump knows.
 */
export async function wholeText(url: string): Promise<string> {
  const text = await shell('pg_dump --no-password --dbname="$URL"', { URL: url });
  // pg_dump draws a random word for psql's restricted mode at each run.
  return text.replace(/^\\(un)?restrict .*$/gm, '');
}
