import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { onFreePort, PortTaken } from '../services/free-port.js';
import { type PostgresServer, startPostgres } from '../services/postgres.js';
import { type RedisServer, startRedis } from '../services/redis.js';
import { scratchFolder } from '../services/scratch-folder.js';

const CHILD = fileURLToPath(new URL('services-child.ts', import.meta.url));

function query(server: PostgresServer, sql: string): string {
  return execFileSync('psql', [server.url('postgres'), '-Atc', sql], { encoding: 'utf8' }).trim();
}

function redisCli(server: RedisServer, ...command: string[]): string {
  return execFileSync('redis-cli', ['-u', server.url, ...command], { encoding: 'utf8' }).trim();
}

/** A process that ended but that nobody has waited for yet (`Z`) is not alive. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}

describe('Private servers', () => {
  it('PostgreSQL keeps its data and its port over a restart, and is gone after stop', async () => {
    const server = await startPostgres({ directory: join(await scratchFolder('safekeep-test'), 'postgres') });
    query(server, 'create table kept as select 42 as answer');
    const { pid } = server;
    await server.stop('immediate');
    expect(isAlive(pid)).to.equal(false);
    await server.restart();
    expect(query(server, 'select answer from kept')).to.equal('42');
    await server.stop();
    expect(isAlive(server.pid)).to.equal(false);
  });

  it('PostgreSQL refuses a wrong password', async () => {
    const server = await startPostgres({ directory: join(await scratchFolder('safekeep-test'), 'postgres') });
    const url = new URL(server.url('postgres'));
    url.password = 'wrong';
    expect(() => execFileSync('psql', [url.href, '-c', 'select 1'], { stdio: 'pipe' })).to.throw(
      /password authentication failed/,
    );
    await server.stop('immediate');
  });

  it('Redis with an append-only file keeps what it acknowledged when it is killed', async () => {
    const server = await startRedis({ directory: await scratchFolder('safekeep-test'), appendOnly: true });
    redisCli(server, 'set', 'kept', 'yes');
    await sleep(1500); // its file is synced every second
    server.kill();
    await server.restart();
    expect(redisCli(server, 'get', 'kept')).to.equal('yes');
    expect(redisCli(server, 'config', 'get', 'maxmemory-policy')).to.include('noeviction');
    await server.stop();
  });

  it('a port that somebody else took is replaced by another', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const tried: number[] = [];
    const started = await onFreePort(async (port) => {
      tried.push(port);
      if (tried.length === 1) throw new PortTaken();
      return port;
    });
    expect(started).to.equal(tried[1]);
    taken.close();
  });

  for (const ending of ['exit', 'exception', 'SIGKILL'] as const) {
    it(`servers do not outlive a parent that ends by ${ending}`, async () => {
      const child = spawn(process.execPath, ['--import=tsx/esm', CHILD, ending], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [output] = (await once(child.stdout, 'data')) as [Buffer];
      const { pids, folder } = JSON.parse(output.toString()) as { pids: number[]; folder: string };
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      const deadline = Date.now() + 10_000;
      while (pids.some(isAlive) && Date.now() < deadline) await sleep(50);
      expect(pids.filter(isAlive)).to.deep.equal([]);
      if (ending === 'SIGKILL') rmSync(folder, { recursive: true });
      expect(existsSync(folder)).to.equal(false);
    });
  }
});
