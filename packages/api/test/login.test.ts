import { expect } from 'chai';
import type { Response } from 'supertest';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { addUser, PASSWORD } from './people.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('login', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
    await addUser(api, 'ada', 'operator');
    await addUser(api, 'gone', 'admin');
    await api.pool.query(`UPDATE users SET disabled = true WHERE username = 'gone'`);
  });
  beforeEach(() => api.redis.flushall());
  after(() => api.close());

  const logIn = (username: string, password: string): Promise<Response> =>
    Promise.resolve(api.http.post('/auth/login').send({ username, password }));

  /** What a caller sees of an answer, less what differs between any two answers. */
  const visible = ({ status, body, headers }: Response) => {
    const { date: _date, 'x-request-id': _id, ...kept } = headers;
    return { status, body: { ...body, instance: '' }, headers: kept };
  };

  it('gives a token of 15 minutes that opens what the role may', async () => {
    const response = await logIn('ada', PASSWORD);
    expectAnswer(response, 'POST /auth/login');
    expect(response.body.expires_in).to.equal(900);
    const history = await api.http
      .get('/backup/history')
      .set('Authorization', `Bearer ${response.body.access_token}`);
    expectAnswer(history, 'GET /backup/history');
  });

  it('does not mind the case of the name', async () => {
    expectAnswer(await logIn('Ada', PASSWORD), 'POST /auth/login');
  });

  it('stores passwords as argon2id with the agreed cost', async () => {
    const { rows } = await api.pool.query<{ password_hash: string }>('SELECT password_hash FROM users');
    for (const row of rows) expect(row.password_hash).to.match(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('refuses a wrong password, an unknown user, a disabled user and a locked account alike', async () => {
    const wrong = await logIn('ada', 'wrong');
    const unknown = await logIn('nobody', PASSWORD);
    const disabled = await logIn('gone', PASSWORD);
    for (let failures = 1; failures < 10; failures += 1) await logIn('ada', 'wrong');
    const locked = await logIn('ada', PASSWORD);
    expectProblem(wrong, 'LOGIN_FAILED');
    for (const other of [unknown, disabled, locked]) expect(visible(other)).to.deep.equal(visible(wrong));
    const reasons = (await auditTrail(api.pool)).slice(-12).map((event) => event.detail.reason);
    expect(new Set(reasons)).to.deep.equal(
      new Set(['wrong password', 'unknown user', 'account disabled', 'account locked']),
    );
  });

  it('takes back what it counted when a login succeeds', async () => {
    for (let round = 0; round < 3; round += 1) {
      for (let failures = 0; failures < 9; failures += 1) await logIn('ada', 'wrong');
      expectAnswer(await logIn('ada', PASSWORD), 'POST /auth/login');
    }
  });

  it('locks an account for everybody, also for guesses at the same moment', async () => {
    await Promise.all(Array.from({ length: 12 }, () => logIn('ada', 'wrong')));
    expectProblem(await logIn('ada', PASSWORD), 'LOGIN_FAILED');
  });

  it('lets twenty people with one account in at the same moment', async () => {
    const responses = await Promise.all(Array.from({ length: 20 }, () => logIn('ada', PASSWORD)));
    for (const response of responses) expectAnswer(response, 'POST /auth/login');
  });

  it('tells an address that failed 30 times to wait, whatever account it tries then', async () => {
    const names = Array.from({ length: 40 }, (_, at) => `guess${at}`);
    const responses = await Promise.all(names.map((name) => logIn(name, 'wrong')));
    expect(responses.filter((response) => response.status === 401)).to.have.length(30);
    const response = await logIn('ada', PASSWORD);
    expectProblem(response, 'TOO_MANY_REQUESTS');
    expect(Number(response.headers['retry-after'])).to.be.within(1, 900);
  });

  it('does not believe a header about the address', async () => {
    const guess = (at: number) =>
      api.http
        .post('/auth/login')
        .set('X-Forwarded-For', `10.0.0.${at}`)
        .send({ username: `guess${at}`, password: 'wrong' });
    await Promise.all(Array.from({ length: 30 }, (_, at) => guess(at)));
    expectProblem(await guess(31), 'TOO_MANY_REQUESTS');
  });

  it('does not count against an account that history was away', async () => {
    await api.pool.query('ALTER TABLE users RENAME TO users_gone');
    for (let tries = 0; tries < 12; tries += 1) expect((await logIn('ada', PASSWORD)).status).to.equal(503);
    await api.pool.query('ALTER TABLE users_gone RENAME TO users');
    expectAnswer(await logIn('ada', PASSWORD), 'POST /auth/login');
  });

  it('keeps names and passwords out of Redis, the log and the audit trail', async () => {
    await logIn('ada', 'my-secret-guess');
    await logIn('my-secret-typed-as-name', 'x');
    const keys = await api.redis.keys('*');
    expect(keys).to.have.length.above(2);
    expect(await api.redis.ttl(keys[0] as string)).to.be.within(1, 900);
    const trail = JSON.stringify(await auditTrail(api.pool));
    for (const place of [keys.join(), api.log(), trail]) expect(place).to.not.include('my-secret');
    expect(keys.join()).to.not.include('ada');
  });
});
