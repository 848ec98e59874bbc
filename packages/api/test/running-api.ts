import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Secret } from '@safekeep/shared/config/secret';
import { programArguments } from '../../../scripts/services/program.js';
import { servers } from './servers.js';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** `main.ts` in a process of its own. */
export interface RunningApi {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Where it listens; rejects when the process ends before. */
  url(): Promise<string>;
  /** The exit code, once the process has ended. */
  ended(): Promise<number | null>;
}

/** The least that `main.ts` needs. */
export async function environmentFor(history: Secret): Promise<Record<string, string>> {
  return {
    HISTORY_DATABASE_URL: history.reveal(),
    REDIS_URL: (await servers()).redis.url,
    SOURCE_DATABASE_URL: 'postgres://reader:source-password@127.0.0.1:1/clinic',
    JWT_SECRET: randomBytes(48).toString('base64'),
    PORT: '0',
  };
}

export function runApi(environment: Record<string, string>): RunningApi {
  const child = spawn(process.execPath, programArguments(MAIN), {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const closed = once(child, 'close').then(([code]) => code as number | null);
  const listening = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const url = /"url":"(http[^"]+)"/.exec(stdout)?.[1];
      if (url !== undefined) resolve(url);
    });
    void closed.then(() => reject(new Error(`the API ended: ${stdout}${stderr}`)));
  });
  listening.catch(() => {});
  return { child, stdout: () => stdout, stderr: () => stderr, url: () => listening, ended: () => closed };
}
