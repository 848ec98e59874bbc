import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { PROJECT } from '../demo/safekeep.js';
import { programArguments } from '../services/program.js';

/** A process of the product that is started again whenever it ends, as a container is. */
export interface KeptProcess {
  readonly name: string;
  /** `null` while it is down. */
  pid(): number | null;
  log(): string;
  stop(): Promise<void>;
}

/** Between an end and the next start, in milliseconds. */
const PAUSE = 1_000;

/** @param source of its main module, such as `packages/worker/src/main.ts` */
export function keepRunning(name: string, source: string, environment: NodeJS.ProcessEnv): KeptProcess {
  let child: ChildProcess | null = null;
  let output = '';
  const stopped = new AbortController();
  const loop = async () => {
    while (!stopped.signal.aborted) {
      child = spawn(process.execPath, programArguments(source), {
        cwd: PROJECT,
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      }
      await once(child, 'close');
      child = null;
      await delay(PAUSE, undefined, { signal: stopped.signal }).catch(() => {});
    }
  };
  const ended = loop();
  return {
    name,
    pid: () => child?.pid ?? null,
    log: () => output,
    stop: async () => {
      stopped.abort();
      child?.kill('SIGKILL');
      await ended;
    },
  };
}
