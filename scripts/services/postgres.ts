import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onFreePort, PortTaken } from './free-port.js';
import { postgresPrograms } from './postgres-programs.js';
import { ServerProcess } from './server-process.js';

const SUPERUSER = 'safekeep_super';

/** A private PostgreSQL server on 127.0.0.1, for tests, the demo and the benchmark. */
export interface PostgresServer {
  readonly port: number;
  readonly pid: number;
  readonly directory: string;
  /** Whom its programs run as where that is not this process' user. */
  readonly user: User | undefined;
  /** The superuser's URL of a database; it need not exist. */
  url(database: string): string;
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** Ends all of its processes as the kernel would when memory runs out. */
  kill(): Promise<void>;
  /** Stops the server if it runs and starts it again on the same port. */
  restart(): Promise<void>;
}

export type User = { readonly uid: number; readonly gid: number };

export interface PostgresOptions {
  readonly directory: string;
  /** Of postgresql.conf, beside those that every private server has. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Of the server's process. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Makes a database cluster in `directory`/data and starts its server. As root the server runs as the user
 * `postgres` (PostgreSQL refuses root), so that user must be able to reach `directory`: see `scratchFolder`.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { directory } = options;
  const user = process.getuid?.() === 0 ? postgresUser() : undefined;
  const password = randomBytes(18).toString('base64url');
  makeCluster(directory, password, user);
  const first = await onFreePort(async (port) => ({
    port,
    server: await run(options, port, user),
  }));
  const { port } = first;
  let server = first.server;
  const stop = (mode: 'fast' | 'immediate' = 'fast') => server.end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  return {
    port,
    directory,
    user,
    get pid() {
      return server.pid;
    },
    url: (database) =>
      `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    stop,
    kill: async () => {
      const children = childrenOf(server.pid);
      await server.end('SIGKILL');
      for (const pid of children) killIfThere(pid);
      // It says that a server is ready.
      rmSync(join(directory, 'data/postmaster.pid'), { force: true });
    },
    restart: async () => {
      await stop();
      server = await run(options, port, user);
    },
  };
}

function childrenOf(pid: number): number[] {
  return spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean)
    .map(Number);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function postgresUser(): User {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function makeCluster(directory: string, password: string, user: User | undefined): void {
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  const made = mkdirSync(directory, { recursive: true, mode: 0o711 });
  if (made !== undefined) chmodSync(directory, 0o711);
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) {
    for (const path of [data, passwordFile]) chownSync(path, user.uid, user.gid);
  }
  const options = ['-D', data, '-U', SUPERUSER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  const locale = ['-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
  // The current folder may be one that the user `postgres` cannot read.
  execFileSync(join(postgresPrograms(), 'initdb'), [...options, ...locale], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    ...user,
  });
  rmSync(passwordFile);
}

async function run(
  { directory, settings = {}, environment }: PostgresOptions,
  port: number,
  user: User | undefined,
): Promise<ServerProcess> {
  const data = join(directory, 'data');
  const logFile = join(directory, 'postgres.log');
  const logStart = existsSync(logFile) ? readFileSync(logFile, 'utf8').length : 0;
  const command = {
    program: join(postgresPrograms(), 'postgres'),
    arguments: ['-D', data, '-p', String(port), ...asArguments({ ...SETTINGS, ...settings })],
    logFile,
    cwd: '/',
    endSignal: 'SIGQUIT',
    ...(user && { user }),
    ...(environment && { environment }),
  } as const;
  try {
    return await ServerProcess.start(command, async () => saysReady(data));
  } catch (error) {
    const log = readFileSync(logFile, 'utf8').slice(logStart);
    if (/Address already in use/.test(log)) throw new PortTaken(`port ${port} is taken`, { cause: error });
    throw error;
  }
}

/** A killed server keeps its data, a crashed machine does not; sockets are left out because their paths are short. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  fsync: 'off',
  full_page_writes: 'off',
};

function asArguments(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
}

/** The server writes its state as the eighth line of this file. */
function saysReady(data: string): boolean {
  const pidFile = join(data, 'postmaster.pid');
  return existsSync(pidFile) && readFileSync(pidFile, 'utf8').split('\n')[7]?.trim() === 'ready';
}
