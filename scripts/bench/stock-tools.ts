import { readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Folder } from '../demo/folder.js';
import { environmentWithoutPostgres, libpqEnvironment, psql } from '../demo/psql.js';
import { shell } from '../demo/shell.js';
import type { Stack } from '../demo/stack.js';
import type { Run } from './measurements.js';

export const DUMP = 'pg_dump -Fc -Z9';
export const FLOOR = 'pg_dump -Fc -Z0';
export const PIPE = `${DUMP} | openssl enc -aes-256-cbc -pbkdf2 -pass "file:$KEY" | gzip -9`;
export const DIRECTORY = `pg_dump -Fd -j ${availableParallelism()} -Z9`;
export const RESTORE =
  'gunzip -c "$FILE" | openssl enc -d -aes-256-cbc -pbkdf2 -pass "file:$KEY" | pg_restore -d "$DATABASE"';

const RESTORED = 'bench_by_hand';

/** What an administrator would type instead. All dump the same database as the role that Safekeep dumps it as. */
export interface StockTools {
  readonly pipe: () => Promise<Run>;
  /** pg_dump alone, its archive thrown away. */
  readonly dump: () => Promise<Run>;
  /** The same without compression: reading and formatting, and nothing else. */
  readonly floor: () => Promise<Run>;
  /** pg_dump on all cores, which needs a folder instead of one file; neither encrypted nor checked. */
  readonly directory: () => Promise<Run>;
  /** Opens backup files one after the other into one new database, which is dropped afterwards; one run a file. */
  readonly restore: (files: readonly string[]) => Promise<Run[]>;
}

export function makeStockTools(stack: Stack, folder: Folder, signal: AbortSignal): StockTools {
  const { safekeep, credentials, clinicUrl } = stack;
  const variables = parseEnv(readFileSync(safekeep.environmentFile, 'utf8'));
  const [file, directory] = [join(folder.path, 'pipe.gz'), join(folder.path, 'pipe.directory')];
  const run = (command: string, more: Record<string, string>) => {
    const env = { ...environmentWithoutPostgres(), KEY: credentials.encryptionKeyFile, ...more };
    return timed(() => shell(command, { env, signal }));
  };
  const source = libpqEnvironment(variables.SOURCE_DATABASE_URL ?? '');
  const thrownAway = async (command: string) => ({
    seconds: await run(`${command} > /dev/null`, source),
    bytes: 0,
  });
  return {
    pipe: async () => {
      const seconds = await run(`${PIPE} > "$FILE"`, { ...source, FILE: file });
      const bytes = statSync(file).size;
      rmSync(file);
      return { seconds, bytes };
    },
    dump: () => thrownAway(DUMP),
    floor: () => thrownAway(FLOOR),
    directory: async () => {
      const seconds = await run(`${DIRECTORY} -f "$FILE"`, { ...source, FILE: directory });
      const env = { ...process.env, FILE: directory };
      const bytes = Number(await shell('du -sb "$FILE" | cut -f1', { env, signal }));
      rmSync(directory, { recursive: true });
      return { seconds, bytes };
    },
    restore: async (files) => {
      // As a superuser, as a plain pg_restore sets owners.
      const superuser = libpqEnvironment(clinicUrl);
      const runs: Run[] = [];
      await psql(clinicUrl, `CREATE DATABASE ${RESTORED}`, { signal });
      for (const backup of files) {
        const seconds = await run(RESTORE, { ...superuser, FILE: backup, DATABASE: RESTORED });
        runs.push({ seconds, bytes: 0 });
      }
      await psql(clinicUrl, `DROP DATABASE ${RESTORED}`, { signal });
      return runs;
    },
  };
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
