import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  asContainersSee,
  type ComposeFile,
  findDockerCompose,
  readComposeFile,
} from '../compose/docker-compose.js';
import { freePort } from '../services/free-port.js';
import { startPostgres } from '../services/postgres.js';
import { programArguments } from '../services/program.js';
import { startRedis } from '../services/redis.js';
import { scratchFolder } from '../services/scratch-folder.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HEALTHY_WITHIN_MS = 40_000;

describe('The health checks of docker-compose.yml', function () {
  this.timeout(180_000);
  let compose: ComposeFile;
  let folder: string;
  let environment: NodeJS.ProcessEnv;
  const children: ChildProcess[] = [];
  const stops: (() => Promise<void>)[] = [];

  before(async function () {
    try {
      compose = readComposeFile(findDockerCompose());
    } catch {
      // compose.test.ts tells why there is no docker compose.
      this.skip();
    }
    folder = await scratchFolder('safekeep-test');
    const postgres = await startPostgres({ directory: join(folder, 'postgres') });
    const redis = await startRedis({ directory: join(folder, 'redis') });
    stops.push(() => postgres.stop('immediate'), redis.stop);
    execFileSync('psql', [postgres.url('postgres'), '-qc', 'CREATE DATABASE history'], { stdio: 'pipe' });
    const secret = () => execFileSync('openssl', ['rand', '-base64', '48'], { encoding: 'utf8' }).trim();
    environment = {
      PATH: process.env.PATH,
      TMPDIR: folder,
      BACKUP_DIR: folder,
      HISTORY_DATABASE_URL: postgres.url('history'),
      SOURCE_DATABASE_URL: postgres.url('postgres'),
      REDIS_URL: redis.url,
      BACKUP_ENCRYPTION_KEY: secret(),
      JWT_SECRET: secret(),
      ADMIN_PASSWORD: secret(),
    };
  });

  after(async () => {
    for (const child of children) {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await ended;
    }
    await Promise.all(stops.map((stop) => stop()));
  });

  /** Starts what the service's command names, from its source and outside a container. */
  function start(service: string, settings: NodeJS.ProcessEnv = {}): ChildProcess {
    const main = compose.services[service]?.command?.at(-1)?.replace('/dist/', '/src/').replace(/js$/, 'ts');
    const child = spawn(process.execPath, programArguments(main ?? ''), {
      cwd: ROOT,
      env: { ...environment, ...settings },
      stdio: 'ignore',
    });
    children.push(child);
    return child;
  }

  /** Runs the service's health check as Docker would, but on this machine's paths. */
  function isHealthy(service: string, port = 0): boolean {
    const [kind, ...words] = compose.services[service]?.healthcheck?.test ?? [];
    const command = words.map((word) =>
      asContainersSee(word).replace('/tmp/', `${folder}/`).replace('127.0.0.1:3000', `127.0.0.1:${port}`),
    );
    const [program = '', ...args] = kind === 'CMD-SHELL' ? ['sh', '-c', ...command] : command;
    return spawnSync(program, args).status === 0;
  }

  async function becomes(healthy: boolean, service: string, port?: number): Promise<void> {
    const deadline = Date.now() + HEALTHY_WITHIN_MS;
    while (isHealthy(service, port) !== healthy && Date.now() < deadline) await sleep(200);
    expect(isHealthy(service, port), `${service} is healthy`).to.equal(healthy);
  }

  it('call the API healthy when it serves, and not when it is gone', async () => {
    const port = await freePort();
    expect(isHealthy('app', port)).to.equal(false);
    const api = start('app', { PORT: String(port) });
    await becomes(true, 'app', port);
    api.kill('SIGKILL');
    await becomes(false, 'app', port);
  });

  it('call a worker healthy while it can work, and not when it has been silent for a minute', async () => {
    expect(isHealthy('backup')).to.equal(false);
    const worker = start('backup');
    await becomes(true, 'backup');
    worker.kill('SIGKILL');
    const aMinuteAgo = Date.now() / 1000 - 61;
    utimesSync(join(folder, 'safekeep-worker.alive'), aMinuteAgo, aMinuteAgo);
    await becomes(false, 'backup');
  });
});
