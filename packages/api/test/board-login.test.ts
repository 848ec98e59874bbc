import { Secret } from '@safekeep/shared/config/secret';
import { expect } from 'chai';
import type { Response } from 'supertest';
import { IDLE_SECONDS, Sessions } from '../src/auth/sessions.js';
import { Browser, expectOwnPage, hiddenToken } from './browser.js';
import { auditTrail, expectProblem } from './expectations.js';
import { addUser, bearer, PASSWORD } from './people.js';
import { startTestApi, type TestApi } from './test-api.js';

const BOARD = '/admin/queues';

describe('the login of /admin/queues', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
    await addUser(api, 'ada', 'admin');
    await addUser(api, 'olga', 'operator');
  });
  beforeEach(async () => {
    await api.redis.flushall();
    await api.pool.query(
      `UPDATE users SET disabled = false, role = CASE username WHEN 'ada' THEN 'admin' ELSE 'operator' END`,
    );
  });
  after(() => api.close());

  const cookies = (response: Response): string[] => [response.headers['set-cookie'] ?? []].flat();
  const sessions = () => new Sessions(new Secret(api.jwtSecret), api.redis);

  it('is where a browser without a session is sent, and brings it back to where it wanted to go', async () => {
    const browser = new Browser(api);
    const sent = await browser.open(`${BOARD}/queue/backup`);
    expect(sent.status).to.equal(303);
    expect(sent.headers.location).to.equal(`${BOARD}/login?next=%2Fadmin%2Fqueues%2Fqueue%2Fbackup`);
    const page = await browser.open(sent.headers.location ?? '');
    expectOwnPage(page);
    expect(page.status).to.equal(200);
    const fields = {
      token: hiddenToken(page),
      next: `${BOARD}/queue/backup`,
      username: 'Ada',
      password: PASSWORD,
    };
    const answer = await browser.send(`${BOARD}/login`, fields);
    expect(answer.status).to.equal(303);
    expect(answer.headers.location).to.equal(`${BOARD}/queue/backup`);
    const board = await browser.open(`${BOARD}/queue/backup`);
    expect(board.status).to.equal(200);
    expectOwnPage(board);
  });

  for (const next of [
    'https://evil.example',
    '//evil.example',
    `${BOARD}/../../x`,
    `${BOARD}/%2e%2E/x`,
    '/backup/history',
    `${BOARD}//evil.example`,
  ]) {
    it(`never leads to ${next}`, async () => {
      const browser = new Browser(api);
      const page = await browser.open(`${BOARD}/login?next=${encodeURIComponent(next)}`);
      const answer = await browser.send(`${BOARD}/login`, {
        token: hiddenToken(page),
        next,
        username: 'ada',
        password: PASSWORD,
      });
      expect(answer.headers.location).to.equal(BOARD);
    });
  }

  it('answers those that want no page with 401', async () => {
    for (const path of [BOARD, `${BOARD}/api/queues`, `${BOARD}/static/favicon.ico`, `${BOARD}/nowhere`]) {
      expectProblem(await api.http.get(path), 'SESSION_MISSING');
    }
    expectProblem(await api.http.put(`${BOARD}/api/queues/backup/promote`), 'SESSION_MISSING');
  });

  it('sets cookies that no script and no other site can use; over TLS no other host could have set them', async () => {
    const plain = await new Browser(api).logIn('ada');
    expect(cookies(plain).find((line) => line.startsWith('safekeep='))).to.match(
      /; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const proxied = await startTestApi({ trustedProxies: 1 });
    await addUser(proxied, 'ada', 'admin');
    const browser = new Browser(proxied, { 'X-Forwarded-Proto': 'https' });
    const secure = cookies(await browser.logIn('ada'));
    const session = secure.find((line) => line.startsWith('__Host-safekeep='));
    expect(session).to.match(/; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    expect(secure.find((line) => line.startsWith('XSRF-TOKEN='))).to.match(
      /; Path=\/admin\/queues; Secure; SameSite=Strict$/,
    );
    expect((await browser.open(BOARD)).status).to.equal(200);
    await proxied.close();
  });

  it('refuses a wrong password with the form again, and says nothing about the account', async () => {
    const browser = new Browser(api);
    const [wrong, unknown] = [await browser.logIn('ada', 'wrong'), await browser.logIn('nobody', 'wrong')];
    for (const page of [wrong, unknown]) {
      expect(page.status).to.equal(401);
      expectOwnPage(page);
      expect(page.text).to.include('role="alert"').and.include('The user name or the password is wrong.');
      expect(page.text).to.not.include('value="wrong"');
    }
    expect(browser.cookies.has('safekeep')).to.equal(false);
  });

  it('escapes what was typed', async () => {
    const page = await new Browser(api).logIn('"><script>alert(1)</script>', 'wrong');
    expect(page.text).to.include('&quot;&gt;&lt;script&gt;').and.not.include('<script>');
  });

  it('is counted together with the logins of the API', async () => {
    const browser = new Browser(api);
    for (let at = 0; at < 5; at += 1) {
      await browser.logIn('ada', 'wrong');
      await api.http.post('/auth/login').send({ username: 'ada', password: 'wrong' });
    }
    expect((await browser.logIn('ada')).status).to.equal(401);
    expectProblem(
      await api.http.post('/auth/login').send({ username: 'ada', password: PASSWORD }),
      'LOGIN_FAILED',
    );
    const reasons = (await auditTrail(api.pool)).slice(-2).map((event) => event.detail.reason);
    expect(reasons).to.deep.equal(['account locked', 'account locked']);
  });

  it('tells an address that failed too often to wait', async () => {
    const browser = new Browser(api);
    await Promise.all(
      Array.from({ length: 30 }, (_, at) =>
        api.http.post('/auth/login').send({ username: `guess${at}`, password: 'x' }),
      ),
    );
    const page = await browser.logIn('ada');
    expect(page.status).to.equal(429);
    expect(Number(page.headers['retry-after'])).to.be.within(1, 900);
  });

  it('leaves the same audit event as the API, and says that it was the board', async () => {
    const browser = new Browser(api);
    await browser.logIn('ada', 'wrong');
    await browser.logIn('ada');
    const [refused, accepted] = (await auditTrail(api.pool)).slice(-2);
    expect(refused).to.deep.include({
      actor: 'anonymous',
      action: 'login',
      target: 'ada',
      result: 'refused',
    });
    expect(refused?.detail).to.deep.equal({ via: 'board', reason: 'wrong password', code: 'LOGIN_FAILED' });
    expect(accepted).to.include({
      actor: 'ada',
      action: 'login',
      target: 'ada',
      result: 'ok',
      address: '127.0.0.1',
    });
  });

  it('takes no login that another site sends, nor one without the token of its own form', async () => {
    const right = { username: 'ada', password: PASSWORD };
    for (const [headers, withToken] of [
      [{ 'Sec-Fetch-Site': 'cross-site' }, true],
      [{ 'Sec-Fetch-Site': 'same-site' }, true],
      [{ 'Sec-Fetch-Site': 'none' }, true],
      [{ Origin: 'https://evil.example' }, true],
      [{ Origin: 'null' }, true],
      [{ 'Sec-Fetch-Site': 'same-origin' }, false],
    ] as [Record<string, string>, boolean][]) {
      const browser = new Browser(api);
      const token = hiddenToken(await browser.open(`${BOARD}/login`));
      const answer = await browser.send(
        `${BOARD}/login`,
        { ...right, token: withToken ? token : 'x' },
        headers,
      );
      expect(answer.status, JSON.stringify(headers)).to.equal(403);
      expect(browser.cookies.has('safekeep')).to.equal(false);
    }
    const [first, second] = [new Browser(api), new Browser(api)];
    const foreign = hiddenToken(await first.open(`${BOARD}/login`));
    await second.open(`${BOARD}/login`);
    expect((await second.send(`${BOARD}/login`, { ...right, token: foreign })).status).to.equal(403);
  });

  it('takes a login of an old browser that only names its origin', async () => {
    const browser = new Browser(api);
    const token = hiddenToken(await browser.open(`${BOARD}/login`));
    const fields = { username: 'ada', password: PASSWORD, token };
    const answer = await browser.send(`${BOARD}/login`, fields, { Origin: `http://127.0.0.1:${api.port}` });
    expect(answer.status).to.equal(303);
  });

  it('is not shown to somebody who is logged in', async () => {
    const browser = new Browser(api);
    await browser.logIn('ada');
    expect((await browser.open(`${BOARD}/login`)).headers.location).to.equal(BOARD);
  });

  it('ends with the logout, also for a copy of the cookie', async () => {
    const browser = new Browser(api);
    await browser.logIn('ada');
    const copy = new Browser(api);
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
    const page = await browser.open(`${BOARD}/logout`);
    expectOwnPage(page);
    expect((await browser.send(`${BOARD}/logout`, { token: 'x' })).status).to.equal(403);
    expect(
      (
        await browser.send(
          `${BOARD}/logout`,
          { token: hiddenToken(page) },
          { 'Sec-Fetch-Site': 'cross-site' },
        )
      ).status,
    ).to.equal(403);
    const answer = await browser.send(`${BOARD}/logout`, { token: hiddenToken(page) });
    expect(answer.headers.location).to.equal(`${BOARD}/login`);
    expect(browser.cookies.has('safekeep')).to.equal(false);
    expectProblem(await copy.read(`${BOARD}/api/queues`), 'SESSION_MISSING');
    expect((await auditTrail(api.pool)).at(-1)).to.include({ actor: 'ada', action: 'logout', result: 'ok' });
  });

  for (const [what, sql, code] of [
    ['a disabled account', 'UPDATE users SET disabled = true', 'SESSION_MISSING'],
    ['a raised token version', 'UPDATE users SET token_version = token_version + 1', 'SESSION_MISSING'],
    ['a lower role', `UPDATE users SET role = 'viewer'`, 'ROLE_INSUFFICIENT'],
  ] as const) {
    it(`holds ${what} at once`, async () => {
      const browser = new Browser(api);
      await browser.logIn('ada');
      expect((await browser.read(`${BOARD}/api/queues`)).status).to.equal(200);
      await api.pool.query(sql);
      expectProblem(await browser.read(`${BOARD}/api/queues`), code);
    });
  }

  it('takes neither an access token for a session nor a session for an access token', async () => {
    const ada = await addUser(api, 'both', 'admin');
    const { Authorization } = bearer(api, ada);
    const browser = new Browser(api);
    browser.cookies.set('safekeep', Authorization.replace('Bearer ', ''));
    expectProblem(await browser.read(`${BOARD}/api/queues`), 'SESSION_MISSING');
    const session = sessions().begin(ada);
    expectProblem(await api.http.get('/audit').set('Authorization', `Bearer ${session}`), 'TOKEN_INVALID');
    expectProblem(
      await api.http.get(`${BOARD}/api/queues`).set('Authorization', Authorization),
      'SESSION_MISSING',
    );
  });

  it('lasts 15 minutes from the last sign of life, and 8 hours at most', async () => {
    const ada = await addUser(api, 'clock', 'admin');
    const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000);
    const valid = (token: string, seconds: number) => {
      try {
        return sessions().read(token, at(seconds)).sub === ada.id;
      } catch {
        return false;
      }
    };
    let token = sessions().begin(ada, at(0));
    expect(valid(token, IDLE_SECONDS - 1)).to.equal(true);
    expect(valid(token, IDLE_SECONDS)).to.equal(false);
    for (let now = 600; now < 8 * 3600; now += 600)
      token = sessions().renew(ada, sessions().read(token, at(now)), at(now));
    expect(valid(token, 8 * 3600 - 1)).to.equal(true);
    expect(valid(token, 8 * 3600)).to.equal(false);
  });

  it('is renewed by pages and by a touch of the keyboard, not by the news that the board asks for', async () => {
    const browser = new Browser(api);
    await browser.logIn('ada');
    const renews = (response: Response) => cookies(response).some((line) => line.startsWith('safekeep='));
    expect(renews(await browser.open(BOARD))).to.equal(true);
    expect(renews(await browser.read(`${BOARD}/api/queues`))).to.equal(false);
    const looked = await browser.read(`${BOARD}/session`);
    expect([looked.status, renews(looked)]).to.deep.equal([204, false]);
    const touched = await browser.change('post', `${BOARD}/session`);
    expect(touched.status).to.equal(204);
    expect(renews(touched)).to.equal(true);
    expectProblem(await browser.change('post', `${BOARD}/session`, 'x'), 'FORM_REFUSED');
  });

  it('keeps names and passwords out of Redis and the log', async () => {
    await new Browser(api).logIn('olga');
    expect(api.log()).to.not.include(PASSWORD);
    for (const key of await api.redis.keys('*')) expect(key).to.not.include('olga');
  });
});
