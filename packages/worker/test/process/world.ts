import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Secret } from '@safekeep/shared/config/secret';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { listBackups } from '@safekeep/shared/history/backups';
import { createHistoryPool } from '@safekeep/shared/history/database';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../../scripts/services/postgres.js';
import { programArguments } from '../../../../scripts/services/program.js';
import { type RedisServer, startRedis } from '../../../../scripts/services/redis.js';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { openTestSql } from './test-sql.js';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A worker process and what it printed. */
export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  log(): string;
  /** Resolves with its exit code, or the signal that ended it. */
  ended(): Promise<number | string>;
}

/** Private servers, a backup directory, a key, and the processes of the product as its users start them. */
export interface World {
  readonly postgres: PostgresServer;
  /** Where the sources are: the same server, unless the world was opened with `sourcesApart`. */
  readonly sourceServer: PostgresServer;
  readonly redis: RedisServer;
  readonly folder: string;
  readonly backupDirectory: string;
  readonly key: string;
  readonly keyFile: string;
  readonly environment: NodeJS.ProcessEnv;
  startWorker(extra?: NodeJS.ProcessEnv): Promise<WorkerProcess>;
  cli(args: readonly string[], extra?: NodeJS.ProcessEnv): Promise<Ended>;
  /** Runs SQL as the superuser and gives the rows; databases `source` and `source_…` are those of the source server. */
  sql<T extends pg.QueryResultRow>(database: string, text: string): Promise<T[]>;
  /** Waits until the newest backup looks as wanted; the test's own timeout is the bound. */
  newestBackup(wanted: (backup: Backup) => boolean): Promise<Backup>;
  /** What every worker has printed so far. */
  logs(): string[];
  /** Of the workers that live. */
  workerPids(): number[];
  killWorkers(): Promise<void>;
  close(): Promise<void>;
}

/** A test must not depend on the time of day. */
const NO_SCHEDULES = Object.fromEntries(
  ['FULL', 'INCREMENTAL', 'TEST', 'VERIFY', 'CLEANUP', 'REPORT'].map((name) => [`SCHEDULE_${name}`, 'off']),
);

export interface WorldOptions {
  /** Names of sources beside `main`; each is a database `source_NAME`. */
  readonly sources?: readonly string[];
  /** Whether the sources have a server of their own, so that history's can end without them. */
  readonly sourcesApart?: boolean;
  /** Where backups go, when it is not a folder of the world. */
  readonly backupDirectory?: string;
  /** Environment of history's server, such as another clock. */
  readonly serverEnvironment?: NodeJS.ProcessEnv;
}

export async function openWorld(name: string, options: WorldOptions = {}): Promise<World> {
  const folder = await scratchFolder(`safekeep-${name}`);
  const postgres = await startPostgres({
    directory: join(folder, 'postgres'),
    ...(options.serverEnvironment && { environment: options.serverEnvironment }),
  });
  const sourceServer =
    options.sourcesApart === true ? await startPostgres({ directory: join(folder, 'sources') }) : postgres;
  const redis = await startRedis({ directory: join(folder, 'redis'), appendOnly: true });
  const backupDirectory = options.backupDirectory ?? join(folder, 'backups');
  mkdirSync(backupDirectory, { recursive: true });
  const key = randomBytes(48).toString('base64');
  const keyFile = join(folder, 'encryption-key');
  writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
  const environment: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    HISTORY_DATABASE_URL: postgres.url('history'),
    REDIS_URL: redis.url,
    SOURCE_DATABASE_URL: sourceServer.url('source'),
    BACKUP_DIR: backupDirectory,
    BACKUP_ENCRYPTION_KEY_FILE: keyFile,
    ...NO_SCHEDULES,
    ...furtherSources(join(folder, 'sources.json'), sourceServer, options.sources ?? []),
  };
  const workers: WorkerProcess[] = [];
  const [ours, theirs] = [openTestSql(postgres), openTestSql(sourceServer)];
  const sql = <T extends pg.QueryResultRow>(database: string, text: string): Promise<T[]> =>
    (SOURCE.test(database) ? theirs : ours).query<T>(database, text);
  await sql('postgres', 'CREATE DATABASE history');
  for (const name of ['source', ...(options.sources ?? []).map((source) => `source_${source}`)]) {
    await createDatabase(sourceServer, name);
  }

  const history = createHistoryPool(new Secret(postgres.url('history')), 1, () => {});
  const killWorkers = async () => {
    for (const worker of workers) worker.child.kill('SIGKILL');
    await Promise.all(workers.map((worker) => worker.ended()));
  };
  return {
    postgres,
    sourceServer,
    redis,
    folder,
    backupDirectory,
    key,
    keyFile,
    environment,
    sql,
    startWorker: async (extra = {}) => {
      const worker = spawnWorker({ ...environment, ...extra });
      workers.push(worker);
      while (!worker.log().includes('worker started') && isAlive(worker.child)) await delay(50);
      return worker;
    },
    cli: (args, extra = {}) => runCli(args, { ...environment, ...extra }),
    newestBackup: async (wanted) => {
      for (;;) {
        const { backups } = await listBackups(history, { limit: 1, offset: 0 });
        const backup = backups[0];
        if (backup !== undefined && wanted(backup)) return backup;
        await delay(100);
      }
    },
    logs: () => workers.map((worker) => worker.log()),
    workerPids: () => workers.filter(({ child }) => isAlive(child)).map(({ pid }) => pid),
    killWorkers,
    close: async () => {
      await killWorkers();
      await Promise.all([history.end(), ours.close(), theirs.close()]);
      await redis.stop();
      await postgres.stop('immediate');
      await sourceServer.stop('immediate');
    },
  };
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

const SOURCE = /^source(_|$)/;

async function createDatabase(server: PostgresServer, name: string): Promise<void> {
  const client = new pg.Client(server.url('postgres'));
  await client.connect();
  await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  await client.end();
}

function furtherSources(file: string, postgres: PostgresServer, names: readonly string[]): NodeJS.ProcessEnv {
  if (names.length === 0) return {};
  const sources = names.map((name) => ({ name, url: postgres.url(`source_${name}`) }));
  writeFileSync(file, JSON.stringify(sources), { mode: 0o600 });
  return { SOURCES_FILE: file };
}

function spawnWorker(environment: NodeJS.ProcessEnv): WorkerProcess {
  const child = spawn(process.execPath, programArguments('packages/worker/src/main.ts'), {
    cwd: ROOT,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exit = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  return { child, pid: child.pid ?? 0, log: () => output, ended: () => exit };
}

async function runCli(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Ended> {
  const command = [...programArguments('packages/worker/src/cli/main.ts'), ...args];
  try {
    const { stdout, stderr } = await run(process.execPath, command, { cwd: ROOT, env: environment });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    return { code, stdout, stderr };
  }
}

/** Half a kilobyte a row that gzip can do little with, so that a dump of it takes its time. */
export function slowTable(rows: number): string {
  return `CREATE TABLE scans AS SELECT g AS id,
    encode(sha512(g::text::bytea), 'hex') || encode(sha512((g * 7)::text::bytea), 'hex') ||
    encode(sha512((g * 11)::text::bytea), 'hex') || encode(sha512((g * 13)::text::bytea), 'hex') AS pixels
    FROM generate_series(1, ${rows}) g`;
}
