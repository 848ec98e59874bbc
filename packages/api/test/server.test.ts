import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { drain } from '../src/shutdown.js';
import { as } from './people.js';
import { exchange, written } from './raw-http.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('the HTTP server', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi({ patience: { headers: 200, request: 400, interval: 50 } });
  });
  after(() => api.close());

  // Each of these ends only because the server closes the connection.
  it('cuts a client that sends nothing', async () => {
    expect(await exchange(api.port, '')).to.include('REQUEST_TOO_SLOW');
  });

  it('cuts a client whose headers never end', async () => {
    const answer = await exchange(api.port, 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow: 1');
    expect(answer)
      .to.match(/^HTTP\/1\.1 408 /)
      .and.include('application/problem+json');
  });

  it('cuts a client whose body never ends', async () => {
    const headers = ['Content-Type: application/json', 'Content-Length: 50'];
    const answer = await exchange(api.port, written('POST /auth/login', headers, '{"username":'));
    expect(answer).to.include('REQUEST_TOO_SLOW');
  });

  it('refuses headers that are too large', async () => {
    const answer = await exchange(api.port, written('GET /health/live', [`X-Large: ${'x'.repeat(20_000)}`]));
    expect(answer)
      .to.match(/^HTTP\/1\.1 431 /)
      .and.include('HEADERS_TOO_LARGE');
  });

  it('refuses what is not HTTP', async () => {
    const answer = await exchange(api.port, 'SSH-2.0-OpenSSH_9.2\r\n\r\n');
    expect(answer)
      .to.match(/^HTTP\/1\.1 400 /)
      .and.include('HTTP_INVALID');
  });

  it('refuses a request whose length is told twice', async () => {
    const headers = ['Content-Length: 2', 'Transfer-Encoding: chunked'];
    expect(await exchange(api.port, written('POST /auth/login', headers, '{}'))).to.include('HTTP_INVALID');
  });
});

describe('a server that stops', () => {
  it('cuts a request that takes longer than the grace', async () => {
    const api = await startTestApi();
    const viewer = await as(api, 'viewer');
    const lock = await api.pool.connect();
    await lock.query('BEGIN');
    await lock.query('LOCK TABLE backups IN ACCESS EXCLUSIVE MODE');
    const answer = fetch(`http://127.0.0.1:${api.port}/backup/history`, { headers: viewer }).catch(
      (error: unknown) => error,
    );
    while ((await lock.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount === 0) await delay(20);
    await drain(api.server, 100);
    expect(await answer).to.be.instanceOf(Error);
    await lock.query('ROLLBACK');
    lock.release();
    await api.close();
  });
});
