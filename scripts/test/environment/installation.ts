import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Backup } from '../../../packages/shared/src/contracts/backup.js';
import { programArguments } from '../../services/program.js';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export type Variables = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each caller knows the contract of the route it asks.
  readonly body: any;
}

/** One API and one worker, as their users start them, with variables of their own. */
export class Installation {
  readonly name: 'first' | 'second';
  readonly variables: Variables;
  readonly #children: ChildProcess[] = [];
  readonly #done = new Map<string, Promise<unknown>>();
  #token = '';
  #backup: Backup | undefined;
  /** What both processes printed. */
  log = '';

  constructor(name: 'first' | 'second', variables: Variables) {
    this.name = name;
    this.variables = variables;
  }

  /** Returns when the API answers, somebody is logged in, and the worker has taken a backup of the source `main`. */
  async start(): Promise<void> {
    this.#start('packages/api/src/main.ts');
    while ((await this.answers(this.url('/health/ready'))) !== 200) await this.#wait();
    this.#start('packages/worker/src/main.ts');
    this.#token = (
      await this.logIn(this.value('ADMIN_USERNAME'), this.value('ADMIN_PASSWORD'))
    ).body.access_token;
    const asked = await this.ask('POST', '/backup/full', {});
    this.#backup = await this.until<Backup>(`/backup/${asked.body.id}`, ended);
  }

  /** The backup that `start` took. */
  get backup(): Backup {
    if (this.#backup === undefined) throw new Error('no backup was taken');
    return this.#backup;
  }

  /** The name of its history's database. */
  get history(): string {
    return `history_${this.name}`;
  }

  get workerPid(): number {
    return this.#children[1]?.pid as number;
  }

  get token(): string {
    return this.#token;
  }

  value(name: string): string {
    return this.variables[name] ?? '';
  }

  url(path: string): string {
    return `http://${this.value('HOST')}:${this.value('PORT')}${path}`;
  }

  /** The backup's file, or what belongs to it. */
  path(suffix = ''): string {
    return join(this.value('BACKUP_DIR'), `${this.backup.fileName}${suffix}`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: as of the answers of the API.
  sidecar(): any {
    return JSON.parse(readFileSync(this.path('.meta'), 'utf8'));
  }

  /** The status that a GET of an URL gets, `null` when nobody answers there. */
  async answers(url: string, headers: Variables = {}): Promise<number | null> {
    const response = await fetch(url, { headers }).catch(() => null);
    await response?.body?.cancel();
    return response?.status ?? null;
  }

  async logIn(username: string, password: string, headers: Variables = {}): Promise<Answer> {
    return this.#send('POST', '/auth/login', { username, password }, headers);
  }

  async ask(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
    return this.#send(method, path, body, { Authorization: `Bearer ${this.#token}` });
  }

  /** What a request was accepted as. */
  async request<T>(path: string, body?: object): Promise<T> {
    const answer = await this.ask('POST', path, body);
    if (answer.status !== 202)
      throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Does something the first time, and gives what came of it to all who look at that. */
  once<T>(what: string, does: () => Promise<T>): Promise<T> {
    const known = this.#done.get(what) ?? does();
    this.#done.set(what, known);
    return known as Promise<T>;
  }

  /** Asks again and again until the answer is as wanted; the test's own timeout is the bound. */
  async until<T>(path: string, wanted: (body: T) => boolean): Promise<T> {
    for (;;) {
      const { status, body } = await this.ask('GET', path);
      if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
      if (wanted(body)) return body;
      await this.#wait();
    }
  }

  /** The exit code of `backup.sh` with this installation's variables and others over them. */
  async cli(args: readonly string[], over: Variables): Promise<number> {
    const command = [...programArguments('packages/worker/src/cli/main.ts'), ...args];
    const env = { ...surroundings(), ...this.variables, ...over };
    return run(process.execPath, command, { cwd: ROOT, env }).then(
      () => 0,
      (error: { code: number }) => error.code,
    );
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }),
    );
  }

  async #send(method: string, path: string, body: object | undefined, headers: Variables): Promise<Answer> {
    const response = await fetch(this.url(path), {
      method,
      headers: { ...headers, ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  #start(main: string): void {
    const child = spawn(process.execPath, programArguments(main), {
      cwd: ROOT,
      env: { ...surroundings(), ...this.variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.log += text;
      });
    }
  }

  async #wait(): Promise<void> {
    const dead = this.#children.find((child) => child.exitCode !== null);
    if (dead !== undefined) throw new Error(`${dead.spawnargs.at(-1)} of ${this.name} ended:\n${this.log}`);
    await delay(50);
  }
}

/** Of the variables of whoever runs the tests, these alone: the others would be settings. */
function surroundings(): Variables {
  return { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };
}

/** A backup or a job about one, in a state that stays. */
export function ended({ status }: { readonly status: string }): boolean {
  return !['queued', 'running'].includes(status);
}
