import { join } from 'node:path';
import type { Credentials } from '../demo/credentials.js';
import type { Databases } from '../demo/databases.js';
import { DemoError } from '../demo/demo-error.js';
import type { Endings } from '../demo/endings.js';
import { writeEnvironmentFile } from '../demo/environment-file.js';
import type { Folder } from '../demo/folder.js';
import { PROJECT } from '../demo/safekeep.js';
import { freePort } from '../services/free-port.js';
import { ServerProcess } from '../services/server-process.js';

/** The API as a process of its own. */
export interface ApiProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
}

interface Needs {
  readonly folder: Folder;
  readonly databases: Databases;
  readonly redisUrl: string;
  readonly credentials: Credentials;
}

/** Starts the built API as it runs in production, without a worker: what is asked for stays on the queue. */
export async function startApi(needs: Needs, endings: Endings): Promise<ApiProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environmentFile = join(needs.folder.path, 'env');
  writeEnvironmentFile(environmentFile, {
    HISTORY_DATABASE_URL: needs.databases.historyUrl,
    SOURCE_DATABASE_URL: needs.databases.sourceUrl,
    REDIS_URL: needs.redisUrl,
    BACKUP_DIR: needs.folder.backups,
    JWT_SECRET_FILE: needs.credentials.jwtSecretFile,
    ADMIN_PASSWORD: needs.credentials.adminPassword,
    HOST: '127.0.0.1',
    PORT: String(port),
    SCHEDULE_FULL: 'off',
    SCHEDULE_INCREMENTAL: 'off',
    SCHEDULE_TEST: 'off',
    SCHEDULE_VERIFY: 'off',
    SCHEDULE_CLEANUP: 'off',
    SCHEDULE_REPORT: 'off',
  });
  const logFile = join(needs.folder.logs, 'api.log');
  const command = {
    program: process.execPath,
    arguments: [`--env-file=${environmentFile}`, join(PROJECT, 'packages/api/dist/main.js')],
    logFile,
    cwd: needs.folder.path,
    endSignal: 'SIGKILL',
  } as const;
  const ready = async () => (await fetch(`${url}/health/ready`).catch(() => null))?.ok === true;
  try {
    const server = await ServerProcess.start(command, ready);
    endings.add(() => server.end('SIGTERM'));
    return { url, port, pid: server.pid };
  } catch {
    throw new DemoError('The API did not start.', { remedy: 'Read the log above.', logFile });
  }
}
