import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { postgresPrograms } from '../../../../scripts/services/postgres-programs.js';
import {
  chooseProgram,
  findPrograms,
  type PostgresPrograms,
  programDirectories,
} from '../../src/postgres/program.js';

/** PostgreSQL's programs of the version of the tests' server. */
export async function realPrograms(): Promise<PostgresPrograms> {
  const found = await findPrograms(await programDirectories(process.env.PATH ?? ''));
  const told = execFileSync(join(postgresPrograms(), 'postgres'), ['--version'], { encoding: 'utf8' });
  return chooseProgram(found, { source: 'main', version: /\d+/.exec(told)?.[0] ?? '' });
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real pg_dump with exactly this environment. */
export async function runPgDump(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  const { directory } = await realPrograms();
  return new Promise((resolve) => {
    execFile(join(directory, 'pg_dump'), args, { env: environment }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
