import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../services/free-port.js';
import { ServerProcess } from '../services/server-process.js';
import type { Credentials } from './credentials.js';
import type { Databases } from './databases.js';
import { DemoError } from './demo-error.js';
import type { Endings } from './endings.js';
import { writeEnvironmentFile, writeServiceFile } from './environment-file.js';
import type { Folder } from './folder.js';

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
/** The first SIGTERM lets a worker finish its job, the second makes it give the job back. */
const END_AGAIN_AFTER_MS = 1_000;
const END_WITHIN_MS = 20_000;

/** A running API or worker. */
export interface SafekeepProcess {
  readonly name: 'API' | 'worker';
  readonly pid: number;
  readonly logFile: string;
  isRunning(): boolean;
}

export interface Safekeep {
  readonly url: string;
  /** Can be sourced, to use ./backup.sh and psql with this installation. */
  readonly environmentFile: string;
  readonly api: SafekeepProcess;
  /** The one that runs now. */
  readonly worker: SafekeepProcess;
  /** Ends the worker and starts another one; `variables` stand above those of the environment's file. */
  restartWorker(variables?: Readonly<Record<string, string>>): Promise<void>;
}

export interface SafekeepNeeds {
  readonly folder: Folder;
  readonly databases: Databases;
  readonly redisUrl: string;
  readonly credentials: Credentials;
  /** Names for psql and pg_restore, with their URLs. */
  readonly services: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
}

/** Starts one API and one worker as they run in production: built code, configured by their environment alone. */
export async function startSafekeep(needs: SafekeepNeeds, endings: Endings): Promise<Safekeep> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environmentFile = join(needs.folder.path, 'env');
  // API and worker keep their temporary files here, too.
  const temporary = join(needs.folder.path, 'tmp');
  mkdirSync(temporary, { mode: 0o700 });
  const serviceFile = join(needs.folder.secrets, 'pg_service.conf');
  writeServiceFile(serviceFile, needs.services);
  writeEnvironmentFile(environmentFile, {
    HISTORY_DATABASE_URL: needs.databases.historyUrl,
    SOURCE_DATABASE_URL: needs.databases.sourceUrl,
    REDIS_URL: needs.redisUrl,
    SCRATCH_DATABASE_URL: needs.databases.restoreUrl,
    RESTORE_DATABASE_URL: needs.databases.restoreUrl,
    BACKUP_DIR: needs.folder.backups,
    BACKUP_ENCRYPTION_KEY_FILE: needs.credentials.encryptionKeyFile,
    JWT_SECRET_FILE: needs.credentials.jwtSecretFile,
    ADMIN_PASSWORD: needs.credentials.adminPassword,
    HOST: '127.0.0.1',
    PORT: String(port),
    // The demonstration shall look the same at any time of day.
    SCHEDULE_FULL: 'off',
    SCHEDULE_INCREMENTAL: 'off',
    SCHEDULE_TEST: 'off',
    SCHEDULE_VERIFY: 'off',
    SCHEDULE_CLEANUP: 'off',
    SCHEDULE_REPORT: 'off',
    TMPDIR: temporary,
    PGSERVICEFILE: serviceFile,
    ...needs.variables,
  });
  const start = { folder: needs.folder, environmentFiles: [environmentFile], endings };
  const api = await startProcess({ ...start, name: 'API', ready: () => answers(`${url}/health/ready`) });
  const startWorker = (environmentFiles: string[]) =>
    startProcess({ ...start, environmentFiles, name: 'worker', ready: async () => true });
  let worker = await startWorker([environmentFile]);
  return {
    url,
    environmentFile,
    api,
    get worker() {
      return worker;
    },
    restartWorker: async (variables = {}) => {
      await worker.end();
      const above = join(needs.folder.path, 'worker-env');
      writeEnvironmentFile(above, variables);
      worker = await startWorker([environmentFile, above]);
    },
  };
}

/** A process that this one can end. */
interface OwnProcess extends SafekeepProcess {
  end(): Promise<void>;
}

interface ProcessStart {
  readonly name: 'API' | 'worker';
  readonly folder: Folder;
  /** A later one stands above an earlier one. */
  readonly environmentFiles: readonly string[];
  readonly endings: Endings;
  readonly ready: () => Promise<boolean>;
}

async function startProcess(start: ProcessStart): Promise<OwnProcess> {
  const { name } = start;
  const logFile = join(start.folder.logs, `${name.toLowerCase()}.log`);
  const main = join(PROJECT, 'packages', name.toLowerCase(), 'dist', 'main.js');
  const command = {
    program: process.execPath,
    arguments: [...start.environmentFiles.map((file) => `--env-file=${file}`), main],
    logFile,
    cwd: start.folder.path,
    // When this process is killed the servers are gone, too: there is nothing to finish.
    endSignal: 'SIGKILL',
  } as const;
  try {
    const server = await ServerProcess.start(command, start.ready);
    const end = () => endWithin(server);
    start.endings.add(end);
    return { name, pid: server.pid, logFile, isRunning: () => server.running, end };
  } catch {
    const remedy = 'Read the log above. If the code was changed, run `npm run build` and `npm test`.';
    throw new DemoError(`The ${name} did not start.`, { remedy, logFile });
  }
}

async function endWithin(server: ServerProcess): Promise<void> {
  const again = setTimeout(() => server.signal('SIGTERM'), END_AGAIN_AFTER_MS);
  const force = setTimeout(() => server.signal('SIGKILL'), END_WITHIN_MS);
  await server.end('SIGTERM');
  clearTimeout(again);
  clearTimeout(force);
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
