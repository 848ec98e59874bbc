import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How one server is started. */
export interface ServerCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  /** Standard output and errors are appended here. */
  readonly logFile: string;
  readonly cwd: string;
  /** Beside PATH and the locale. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** What ends the server at once and cleanly when its parent is gone. */
  readonly endSignal: NodeJS.Signals;
}

const READY_WITHIN_MS = 30_000;
const POLL_MS = 25;

const endAtExit = new Map<ServerProcess, NodeJS.Signals>();
// First in line, so that no server writes into a scratch folder that another exit handler removes.
process.prependOnceListener('exit', () => {
  for (const [server, signal] of endAtExit) server.signal(signal);
});

/** A server that runs as a child of this process and ends with it, however this process ends. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  /** Starts the server and waits until `ready` says yes. @throws Error with the end of the server's log. */
  static async start(command: ServerCommand, ready: () => Promise<boolean>): Promise<ServerProcess> {
    const server = new ServerProcess(command);
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await ready())) {
      if (!server.running || Date.now() > deadline) {
        await server.end('SIGKILL');
        throw new Error(`${command.program} did not start:\n${lastLines(command.logFile)}`);
      }
      await sleep(POLL_MS);
    }
    return server;
  }

  private constructor(command: ServerCommand) {
    const log = openSync(command.logFile, 'a');
    this.#child = spawn(command.program, command.arguments, {
      cwd: command.cwd,
      stdio: ['ignore', log, log],
      env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', ...command.environment },
      // A group of its own: Ctrl-C in a terminal reaches the parent, which decides when the server stops.
      detached: true,
      ...command.user,
    });
    closeSync(log);
    this.#exited = once(this.#child, 'exit').catch(() => undefined);
    this.#child.unref();
    if (this.#child.pid !== undefined) this.#endWithParent(this.#child.pid, command.endSignal);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  /** Signals the server and waits until it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return;
    this.#child.ref();
    this.#child.kill(signal);
    await this.#exited;
  }

  /** An exit handler is not run when this process is killed; a shell that waits on a pipe from it sees every end. */
  #endWithParent(pid: number, signal: NodeJS.Signals): void {
    endAtExit.set(this, signal);
    const script = `read -r _; kill -s ${signal.replace('SIG', '')} ${pid} 2>/dev/null`;
    const watcher = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    watcher.unref();
    (watcher.stdin as unknown as { unref(): void }).unref();
    this.#child.once('exit', () => {
      endAtExit.delete(this);
      watcher.kill('SIGKILL');
    });
  }
}

function lastLines(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
}
