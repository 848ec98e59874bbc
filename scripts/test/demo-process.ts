import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { scratchFolder } from '../services/scratch-folder.js';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

/** `npm run demo` or `npm run bench` as a process of its own, with a home and a temporary folder that nothing else writes to. */
export class DemoProcess {
  readonly folder: string;
  readonly surroundings: string;
  readonly #child: ChildProcess;
  readonly #mark: string;
  readonly #exit: Promise<number | null>;
  output = '';

  static async start(
    options: readonly string[],
    folder?: string,
    script: 'demo' | 'bench' = 'demo',
  ): Promise<DemoProcess> {
    const scratch = await scratchFolder('safekeep-demo-test');
    return new DemoProcess(scratch, folder ?? join(scratch, 'demo'), options, script);
  }

  private constructor(scratch: string, folder: string, options: readonly string[], name: string) {
    this.folder = folder;
    this.surroundings = join(scratch, 'surroundings');
    this.#mark = randomUUID();
    mkdirSync(this.surroundings);
    const loader = ['--import', 'tsx/esm', '--conditions=source'];
    const script = [join(PROJECT, `scripts/${name}/main.ts`), '--folder', folder, ...options];
    this.#child = spawn(process.execPath, [...loader, ...script], {
      cwd: PROJECT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: this.surroundings,
        TMPDIR: this.surroundings,
        TSX_DISABLE_CACHE: '1',
        MARK: this.#mark,
      },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.#exit = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async exitCode(): Promise<number | null> {
    return this.#exit;
  }

  /** Resolves when the output holds `text`. @throws when the demo ends without it. */
  async says(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`the demo ended without saying "${text}":\n${this.output}`);
      }
      await sleep(50);
    }
  }

  /** Every process that the demo started: it names the folder, or inherited the mark. */
  descendants(): string[] {
    const about = (pid: string, file: string) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'latin1').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    };
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && name !== String(this.#child.pid))
      .filter(
        (pid) => about(pid, 'cmdline').includes(this.folder) || about(pid, 'environ').includes(this.#mark),
      )
      .map((pid) => `${pid} ${about(pid, 'cmdline')}`);
  }
}
