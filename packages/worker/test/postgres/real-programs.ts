import { execFile } from 'node:child_process';
import { join } from 'node:path';
import {
  chooseProgram,
  findPrograms,
  type PostgresPrograms,
  programDirectories,
} from '../../src/postgres/program.js';

/** PostgreSQL's programs for the tests' server. */
export async function realPrograms(): Promise<PostgresPrograms> {
  const found = await findPrograms(await programDirectories(process.env.PATH ?? ''));
  return chooseProgram(found, { source: 'main', version: '12' });
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
