import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { loadConfig, type ProcessRole } from '../../packages/shared/src/config/load.js';
import { Secret } from '../../packages/shared/src/config/secret.js';
import { migrateHistory } from '../../packages/shared/src/history/migrate.js';
import {
  asContainersSee,
  type ComposeFile,
  findDockerCompose,
  readComposeFile,
} from '../compose/docker-compose.js';
import { onFreePort } from '../services/free-port.js';
import { type PostgresServer, startPostgres } from '../services/postgres.js';
import { scratchFolder } from '../services/scratch-folder.js';
import { ServerProcess } from '../services/server-process.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a copy of make-secrets.sh, so that it works in `root` and not in this repository. */
function makeSecrets(root: string): string {
  const folder = join(root, 'scripts/compose');
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, 'scripts/compose/make-secrets.sh'), join(folder, 'make-secrets.sh'));
  return execFileSync(join(folder, 'make-secrets.sh'), { encoding: 'utf8' });
}

describe('The secrets of docker-compose.yml', function () {
  this.timeout(180_000);
  let root: string;
  let output: string;
  let compose: ComposeFile | undefined;
  const value = (name: string) => readFileSync(join(root, 'secrets', `${name}.txt`), 'utf8').trimEnd();
  const inTests = (text: string) => text.replaceAll('/run/secrets/', `${root}/run/secrets/`);

  before(async () => {
    root = await scratchFolder('safekeep-test');
    output = makeSecrets(root);
    try {
      compose = readComposeFile(findDockerCompose(), { profile: 'monitoring' });
    } catch {
      // compose.test.ts tells why there is no docker compose.
    }
    // As docker compose mounts them: without the .txt.
    const mounted = join(root, 'run/secrets');
    mkdirSync(mounted, { recursive: true });
    for (const file of readdirSync(join(root, 'secrets'))) {
      writeFileSync(join(mounted, file.replace(/\.txt$/, '')), readFileSync(join(root, 'secrets', file)));
    }
  });

  it('are out of reach for other users of the host, readable in containers, and not printed', () => {
    expect(statSync(join(root, 'secrets')).mode & 0o777).to.equal(0o700);
    for (const file of readdirSync(join(root, 'secrets'))) {
      expect(statSync(join(root, 'secrets', file)).mode & 0o777, file).to.equal(0o644);
      expect(output).not.to.include(value(file.replace(/\.txt$/, '')));
    }
    expect(output).to.include('Keep a copy of secrets/backup_encryption_key.txt outside this system');
  });

  it('are never overwritten; what is missing is added', () => {
    const before = value('backup_encryption_key');
    writeFileSync(join(root, 'secrets/jwt_secret.txt'), 'mine');
    expect(makeSecrets(root)).to.include('nothing was changed');
    expect(value('jwt_secret')).to.equal('mine');
    expect(value('backup_encryption_key')).to.equal(before);
  });

  it('are the files that docker-compose.yml mounts', function () {
    if (compose === undefined) return this.skip();
    const mounted = Object.values(compose.secrets).map(({ file }) => file?.replace(/^.*\//, ''));
    expect(readdirSync(join(root, 'secrets'))).to.have.members(mounted);
  });

  const roles: [service: string, role: ProcessRole][] = [
    ['app', 'api'],
    ['backup', 'worker'],
    ['backup', 'cli'],
  ];
  for (const [service, role] of roles) {
    it(`make a configuration that the ${role} accepts in the container of ${service}`, function () {
      const environment = compose?.services[service]?.environment;
      if (environment === undefined) return this.skip();
      const values = Object.entries(environment).map(([name, text]) => [name, inTests(text ?? '')]);
      const config = loadConfig(Object.fromEntries(values) as Record<string, string>, role);
      expect(config.sourceNames).to.deep.equal(['main']);
    });
  }

  it('open the history database that create-history.sql makes, and its audit trail cannot be changed', async () => {
    const server = await startPostgres({ directory: join(await scratchFolder('safekeep-test'), 'postgres') });
    const sql = readFileSync(join(ROOT, 'docker/postgres/create-history.sql'), 'utf8');
    psql(server.url('postgres'), inTests(sql));
    const url = (name: string) =>
      new Secret(value(name).replace('@postgres:5432/', `@127.0.0.1:${server.port}/`));
    const [application, migrator] = [url('history_database_url'), url('history_migrations_url')];
    await migrateHistory({ HISTORY_DATABASE_URL: application, HISTORY_MIGRATIONS_URL: migrator });
    expect(psql(application.reveal(), 'SELECT count(*) FROM audit_events')).to.equal('0');
    expect(() => psql(application.reveal(), 'DELETE FROM audit_events')).to.throw(/permission denied/);
    expect(() => psql(application.reveal(), 'CREATE TABLE mine ()')).to.throw(/permission denied/);
    await closeToStrangers(server);
    await server.stop('immediate');
  });

  async function closeToStrangers(server: PostgresServer): Promise<void> {
    psql(server.url('postgres'), "CREATE ROLE stranger LOGIN PASSWORD 'stranger'");
    const stranger = `postgres://stranger:stranger@127.0.0.1:${server.port}/safekeep_history`;
    expect(() => psql(stranger, 'SELECT 1')).to.throw(/permission denied for database/);
  }

  it('open the Redis that docker-compose.yml starts, and nothing else does', async function () {
    const command = compose?.services.redis?.command;
    if (!command) return this.skip();
    const data = join(root, 'redis');
    mkdirSync(data);
    const { port, server } = await onFreePort(async (port) => {
      const script = asContainersSee(inTests(command.at(-1) ?? '')).replace(
        '--dir /data',
        `--dir ${data} --port ${port}`,
      );
      const start = {
        program: 'sh',
        arguments: ['-euc', script],
        logFile: join(root, 'redis.log'),
        cwd: data,
        endSignal: 'SIGTERM',
      } as const;
      const answers = async () => redisCli(port, '', 'ping').includes('NOAUTH');
      return { port, server: await ServerProcess.start(start, answers) };
    });
    const password = new URL(value('redis_url')).password;
    expect(redisCli(port, password, 'ping')).to.equal('PONG');
    expect(redisCli(port, password, 'config', 'get', 'maxmemory-policy')).to.include('noeviction');
    expect(redisCli(port, password, 'config', 'get', 'appendonly')).to.include('yes');
    expect(readFileSync(`/proc/${server.pid}/cmdline`, 'utf8')).not.to.include(password);
    await server.end('SIGTERM');
  });
});

function psql(url: string, sql: string): string {
  const args = [url, '-X', '-v', 'ON_ERROR_STOP=1', '-At'];
  return execFileSync('psql', args, { input: sql, encoding: 'utf8', stdio: 'pipe' }).trim();
}

function redisCli(port: number, password: string, ...command: string[]): string {
  const environment = { PATH: process.env.PATH, ...(password && { REDISCLI_AUTH: password }) };
  const { stdout, stderr } = spawnSync('redis-cli', ['-p', String(port), ...command], {
    env: environment,
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`.trim();
}
