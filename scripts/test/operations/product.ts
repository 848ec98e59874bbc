import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../services/free-port.js';
import { ServerProcess } from '../../services/server-process.js';
import type { Clinic } from './clinic.js';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

/** API and worker as they run in production: built code, configured by their environment alone. */
export interface Product {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly keyFile: string;
  readonly adminPassword: string;
  close(): Promise<void>;
}

export interface Folders {
  readonly root: string;
  readonly backups: string;
  readonly temporary: string;
}

export async function startProduct(folders: Folders, clinic: Clinic, redisUrl: string): Promise<Product> {
  if (!existsSync(join(PROJECT, 'packages/worker/dist/cli/main.js'))) {
    throw new Error('This test runs the built program. Build it first: npm run build');
  }
  const [keyFile, sourcesFile] = [join(folders.root, 'key.txt'), join(folders.root, 'sources.json')];
  const [key, adminPassword] = [secret(), secret()];
  writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
  // One further source that works, and one whose database is not there.
  const further = ['lab', 'broken'].map((name) => ({ name, url: clinic.url(name) }));
  writeFileSync(sourcesFile, JSON.stringify(further), { mode: 0o600 });
  const port = await freePort();
  const environment = {
    HISTORY_DATABASE_URL: clinic.postgres.url('history'),
    SOURCE_DATABASE_URL: clinic.url('healthy_stellar'),
    SOURCES_FILE: sourcesFile,
    REDIS_URL: redisUrl,
    BACKUP_DIR: folders.backups,
    BACKUP_ENCRYPTION_KEY: key,
    JWT_SECRET: secret(),
    ADMIN_PASSWORD: adminPassword,
    PORT: String(port),
    LOG_FILE: join(folders.root, 'backup.log'),
    TMPDIR: folders.temporary,
  };
  const url = `http://127.0.0.1:${port}`;
  const file = join(folders.root, 'env');
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(''), { mode: 0o600 });
  const ready = () =>
    fetch(`${url}/health/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
  const api = await start('api', folders, file, ready);
  const alive = join(folders.temporary, 'safekeep-worker.alive');
  const worker = await start('worker', folders, file, async () => existsSync(alive));
  const close = async () => {
    await worker.end('SIGTERM');
    await api.end('SIGTERM');
  };
  return { url, environment, keyFile, adminPassword, close };
}

function start(name: 'api' | 'worker', folders: Folders, environment: string, ready: () => Promise<boolean>) {
  const main = join(PROJECT, 'packages', name, 'dist/main.js');
  const command = {
    program: process.execPath,
    arguments: [`--env-file=${environment}`, main],
    logFile: join(folders.root, `${name}.log`),
    cwd: folders.root,
    endSignal: 'SIGKILL',
  } as const;
  return ServerProcess.start(command, ready);
}

function secret(): string {
  return randomBytes(36).toString('base64');
}
