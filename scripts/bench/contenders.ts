import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { ApiClient } from '../demo/api-client.js';
import type { Folder } from '../demo/folder.js';
import { followBackup } from '../demo/follow-backup.js';
import { environmentWithoutPostgres, libpqEnvironment } from '../demo/psql.js';
import { shell } from '../demo/shell.js';
import type { Stack } from '../demo/stack.js';
import { MemoryMeter, type MemoryPeaks } from './memory-meter.js';

/** One timed run; `bytes` is the size of what it wrote. */
export interface Run {
  readonly seconds: number;
  readonly bytes: number;
}

export interface JobRun extends Run {
  /** From the accepted request to the finished row; `seconds` begins with the run in the worker. */
  readonly secondsFromRequest: number;
  readonly memory: MemoryPeaks;
}

export interface Contenders {
  /** Safekeep: API, queue, worker, history. */
  job(): Promise<JobRun>;
  /** What an administrator would type. */
  pipe(): Promise<Run>;
  /** pg_dump alone, its archive thrown away. */
  dump(): Promise<Run>;
}

export const DUMP = 'pg_dump -Fc -Z9';
export const PIPE = `${DUMP} | openssl enc -aes-256-cbc -pbkdf2 -pass "file:$KEY" | gzip -9`;

export interface ContenderNeeds {
  readonly stack: Stack;
  readonly folder: Folder;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** All contenders dump the same database as the same role. */
export async function makeContenders(needs: ContenderNeeds): Promise<Contenders> {
  const { stack, folder, signal } = needs;
  const { safekeep, credentials } = stack;
  const api = new ApiClient({
    url: safekeep.url,
    password: credentials.adminPassword,
    api: safekeep.api,
    signal,
  });
  await api.login();
  const variables = parseEnv(readFileSync(safekeep.environmentFile, 'utf8'));
  const file = join(folder.path, 'pipe.gz');
  const env = {
    ...environmentWithoutPostgres(),
    ...libpqEnvironment(variables.SOURCE_DATABASE_URL ?? ''),
    KEY: credentials.encryptionKeyFile,
    FILE: file,
  };
  return {
    job: () => runJob(api, needs),
    pipe: async () => {
      const seconds = await timed(() => shell(`${PIPE} > "$FILE"`, { env, signal }));
      const bytes = statSync(file).size;
      rmSync(file);
      return { seconds, bytes };
    },
    dump: async () => ({
      seconds: await timed(() => shell(`${DUMP} > /dev/null`, { env, signal })),
      bytes: 0,
    }),
  };
}

async function runJob(api: ApiClient, needs: ContenderNeeds): Promise<JobRun> {
  const { worker } = needs.stack.safekeep;
  const meter = new MemoryMeter(worker.pid);
  try {
    const { id } = await api.startFullBackup();
    const backup = await followBackup(id, { ...needs, api, worker });
    const [createdAt, startedAt, endedAt] = [backup.createdAt, backup.startedAt, backup.endedAt].map((time) =>
      Date.parse(time ?? ''),
    ) as [number, number, number];
    return {
      seconds: (endedAt - startedAt) / 1000,
      secondsFromRequest: (endedAt - createdAt) / 1000,
      bytes: backup.sizeBytes ?? 0,
      memory: meter.stop(),
    };
  } finally {
    meter.stop();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
