import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Secret } from '@safekeep/shared/config/secret';
import { createHistoryPool } from '@safekeep/shared/history/database';
import { expect } from 'chai';
import type pg from 'pg';
import { scratchFolder } from '../../../scripts/services/scratch-folder.js';
import { environmentFor, type RunningApi, runApi } from './running-api.js';
import { emptyDatabase, servers } from './servers.js';

describe('the API process', () => {
  let history: Secret;
  let pool: pg.Pool;
  const running: RunningApi[] = [];
  beforeEach(async () => {
    history = await emptyDatabase();
    pool = createHistoryPool(history, 4, () => {});
    await (await servers()).redis.restart();
  });
  afterEach(async () => {
    for (const api of running.splice(0)) {
      api.child.kill('SIGKILL');
      await api.ended();
    }
    await pool.end();
  });

  async function run(change: Record<string, string> = {}): Promise<RunningApi> {
    const api = runApi({ ...(await environmentFor(history)), ...change });
    running.push(api);
    return api;
  }

  const logIn = (url: string, password: string) =>
    fetch(`${url}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password }),
    });

  it('starts on empty databases, shows the first password once and past the log, and stops on SIGTERM', async () => {
    const logFile = join(await scratchFolder('safekeep-api-log'), 'api.log');
    const api = await run({ LOG_FILE: logFile });
    const url = await api.url();
    const [, password = ''] = /shown only now: (\S+)/.exec(api.stdout()) ?? [];
    expect((await logIn(url, password)).status).to.equal(200);
    expect((await fetch(`${url}/health/ready`)).status).to.equal(200);
    for (const line of api.stdout().trim().split('\n')) {
      if (!line.includes(password)) expect(JSON.parse(line)).to.include({ service: 'api' });
      else expect(() => JSON.parse(line)).to.throw();
    }
    expect(api.stdout()).to.not.include('source-password');
    const logged = await readFile(logFile, 'utf8');
    expect(logged).to.include('"listening"').and.not.include(password);
    api.child.kill('SIGTERM');
    expect(await api.ended()).to.equal(0);
    expect(api.stderr()).to.equal('');
  });

  /** Starts the API and a request that waits for a lock in history. */
  async function waitingRequest() {
    const api = await run({ ADMIN_PASSWORD: 'a configured password' });
    const url = await api.url();
    const lock = await pool.connect();
    await lock.query('BEGIN');
    await lock.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    const answer = logIn(url, 'a configured password').catch((error: unknown) => error);
    for (;;) {
      const { rowCount } = await pool.query('SELECT FROM pg_locks WHERE NOT granted');
      if (rowCount === 1) break;
      await delay(20);
    }
    const release = async () => {
      await lock.query('ROLLBACK');
      lock.release();
    };
    return { api, url, answer, release };
  }

  const refusesConnections = (url: string) =>
    fetch(`${url}/health/live`).then(
      () => false,
      () => true,
    );

  it('finishes a running request before it stops, and takes no new one', async () => {
    const { api, url, answer, release } = await waitingRequest();
    api.child.kill('SIGTERM');
    while (!(await refusesConnections(url))) await delay(20);
    await release();
    expect(await answer).to.include({ status: 200 });
    expect(await api.ended()).to.equal(0);
  });

  it('stops at once on a second signal', async () => {
    const { api, url, answer, release } = await waitingRequest();
    api.child.kill('SIGTERM');
    while (!(await refusesConnections(url))) await delay(20);
    api.child.kill('SIGINT');
    expect(await api.ended()).to.equal(1);
    expect(await answer).to.be.instanceOf(Error);
    await release();
  });

  it('names every mistake of its configuration, shows no value and exits with 3', async () => {
    const api = await run({ JWT_SECRET: 'password', PORT: 'eighty', REDIS_URL: '' });
    expect(await api.ended()).to.equal(3);
    expect(api.stderr()).to.include('JWT_SECRET').and.include('PORT').and.include('REDIS_URL');
    expect(api.stderr()).to.not.include('eighty');
    expect(api.stdout()).to.equal('');
  });

  it('says that its port is taken, and exits with 3', async () => {
    const { postgres } = await servers();
    const api = await run({ PORT: String(postgres.port) });
    expect(await api.ended()).to.equal(3);
    expect(api.stderr()).to.include(`127.0.0.1:${postgres.port} (EADDRINUSE)`);
  });

  it('says that history cannot be reached, without its password, and exits with 4', async () => {
    const api = await run({ HISTORY_DATABASE_URL: 'postgres://safekeep:hunter2@127.0.0.1:1/history' });
    expect(await api.ended()).to.equal(4);
    expect(api.stderr()).to.include('history database cannot be reached').and.not.include('hunter2');
  });

  it('starts without Redis, and is ready once Redis is there', async () => {
    const { redis } = await servers();
    await redis.stop();
    const api = await run({ ADMIN_PASSWORD: 'a configured password' });
    const url = await api.url();
    expect((await fetch(`${url}/health/ready`)).status).to.equal(503);
    await redis.restart();
    while ((await fetch(`${url}/health/ready`)).status !== 200) await delay(50);
    while ((await logIn(url, 'a configured password')).status === 503) await delay(50);
    // The connection failed many times meanwhile, and the log says so once.
    expect(api.stdout().match(/"part":"redis"/g)).to.have.length(1);
    expect((await logIn(url, 'a configured password')).status).to.equal(200);
  });
});
