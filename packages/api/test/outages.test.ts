import { once } from 'node:events';
import { QUEUE_PREFIX } from '@safekeep/shared/queues/contracts';
import { Queue } from 'bullmq';
import { expect } from 'chai';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { addUser, as, PASSWORD } from './people.js';
import { servers } from './servers.js';
import { startTestApi, type TestApi } from './test-api.js';

/** No answer may take longer, in milliseconds; what is promised is a second, and the machine may be busy. */
const PATIENCE = 5_000;

describe('while Redis is away', () => {
  let api: TestApi;
  let operator: { Authorization: string };
  beforeEach(async () => {
    api = await startTestApi();
    operator = await as(api, 'operator');
  });
  afterEach(async () => {
    await (await servers()).redis.restart();
    await api.close();
  });

  const request = () => api.http.post('/backup/full').set(operator).timeout(PATIENCE);
  const logIn = () =>
    api.http.post('/auth/login').timeout(PATIENCE).send({ username: 'operator', password: PASSWORD });

  it('a backup is refused, its row ends failed, and it is not queued when Redis returns', async () => {
    const { redis } = await servers();
    await redis.stop();
    const response = await request();
    expectProblem(response, 'QUEUE_UNAVAILABLE');
    const { rows } = await api.pool.query('SELECT id, status, error_code FROM backups');
    expect(rows).to.have.length(1);
    expect(rows[0]).to.include({ status: 'failed', error_code: 'QUEUE_UNAVAILABLE' });
    expect((await auditTrail(api.pool)).at(-1)).to.include({ target: rows[0].id, result: 'failed' });

    await redis.restart();
    await once(api.redis, 'ready');
    const later = await request();
    expectAnswer(later, 'POST /backup/full');
    const queue = new Queue('backup', { connection: { url: redis.url }, prefix: QUEUE_PREFIX });
    const jobs = await queue.getJobs();
    await queue.close();
    expect(jobs.map((job) => job.id)).to.deep.equal([later.body.id]);
  });

  it('the same Idempotency-Key gives the same refusal, also when Redis is back', async () => {
    const { redis } = await servers();
    await redis.stop();
    expectProblem(await request().set('Idempotency-Key', 'k'), 'QUEUE_UNAVAILABLE');
    await redis.restart();
    await once(api.redis, 'ready');
    expectProblem(await request().set('Idempotency-Key', 'k'), 'QUEUE_UNAVAILABLE');
    expect((await api.pool.query('SELECT FROM backups')).rowCount).to.equal(1);
  });

  it('a Redis that is frozen counts as away', async () => {
    const { redis } = await servers();
    process.kill(redis.pid, 'SIGSTOP');
    try {
      const [backup, login] = await Promise.all([request(), logIn()]);
      expectProblem(backup, 'QUEUE_UNAVAILABLE');
      expectProblem(login, 'LOGIN_UNAVAILABLE');
      const { rows } = await api.pool.query('SELECT status FROM backups');
      expect(rows).to.deep.equal([{ status: 'failed' }]);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
  });

  it('nobody can log in, reading goes on, and readiness says what is missing', async () => {
    await (await servers()).redis.stop();
    expectProblem(await logIn(), 'LOGIN_UNAVAILABLE');
    expect((await auditTrail(api.pool)).at(-1)).to.include({ action: 'login', result: 'failed' });
    expectAnswer(await api.http.get('/backup/history').set(operator), 'GET /backup/history');
    const ready = await api.http.get('/health/ready');
    expectProblem(ready, 'NOT_READY');
    expect(ready.body).to.include({ history: 'up', redis: 'down' });
    expectAnswer(await api.http.get('/health/live'), 'GET /health/live');
  });
});

describe('while the history database is away', () => {
  let api: TestApi;
  let operator: { Authorization: string };
  before(async () => {
    api = await startTestApi();
    operator = await as(api, 'operator');
    await addUser(api, 'ada', 'viewer');
    expectAnswer(await api.http.get('/health/ready'), 'GET /health/ready');
  });
  after(() => api.close());

  it('everything that needs it is refused with 503, and works again afterwards', async () => {
    const { postgres } = await servers();
    await postgres.stop('immediate');
    try {
      const login = { username: 'ada', password: PASSWORD };
      expectProblem(
        await api.http.post('/backup/full').set(operator).timeout(PATIENCE),
        'HISTORY_UNAVAILABLE',
      );
      expectProblem(
        await api.http.get('/backup/history').set(operator).timeout(PATIENCE),
        'HISTORY_UNAVAILABLE',
      );
      expectProblem(await api.http.post('/auth/login').timeout(PATIENCE).send(login), 'HISTORY_UNAVAILABLE');
      expectProblem(await api.http.get('/backup/history'), 'TOKEN_MISSING');
      const ready = await api.http.get('/health/ready');
      expectProblem(ready, 'NOT_READY');
      expect(ready.body).to.include({ history: 'down', redis: 'up' });
      expectAnswer(await api.http.get('/health/live'), 'GET /health/live');
    } finally {
      await postgres.restart();
    }
    expectAnswer(await api.http.get('/health/ready'), 'GET /health/ready');
    expectAnswer(await api.http.post('/backup/full').set(operator), 'POST /backup/full');
    expect(api.log()).to.not.include('INTERNAL');
  });
});
