import { randomUUID } from 'node:crypto';
import type { User } from '@safekeep/shared/history/users';
import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { addUser, bearer } from './people.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('access tokens', () => {
  let api: TestApi;
  let user: User;
  before(async () => {
    api = await startTestApi();
    user = await addUser(api, 'ada', 'viewer');
  });
  after(() => api.close());

  const read = (authorization: string) => api.http.get('/backup/history').set('Authorization', authorization);

  /** A token that is right but for what `claims` and `options` change. */
  function forge(claims: object = {}, options: jwt.SignOptions = {}, secret = api.jwtSecret): string {
    const right = { sub: user.id, jti: randomUUID(), iss: 'safekeep', aud: 'safekeep-api', ver: 0 };
    const exp = Math.floor(Date.now() / 1000) + 60;
    const payload = Object.entries({ ...right, exp, ...claims }).filter(([, value]) => value !== undefined);
    return `Bearer ${jwt.sign(Object.fromEntries(payload), secret, options)}`;
  }

  it('are accepted when everything is right', async () => {
    expectAnswer(await read(forge()), 'GET /backup/history');
  });

  const refused: Record<string, () => string> = {
    'without a signature (alg none)': () => forge({}, { algorithm: 'none' }, ''),
    'signed with another secret': () => forge({}, {}, 'another secret of more than 32 characters'),
    'signed with another algorithm': () => forge({}, { algorithm: 'HS512' }),
    'that have expired': () => forge({ exp: Math.floor(Date.now() / 1000) - 1 }),
    'that never expire': () => forge({ exp: undefined }),
    'for somebody else': () => forge({ aud: 'another-api' }),
    'from somebody else': () => forge({ iss: 'another' }),
    'without an audience': () => forge({ aud: undefined }),
    'without an id': () => forge({ jti: undefined }),
    'of an older token version': () => forge({ ver: -1 }),
    'without a token version': () => forge({ ver: undefined }),
    'of a user who does not exist': () => forge({ sub: randomUUID() }),
    'whose user is no id': () => forge({ sub: `' OR true --` }),
    'that are cut': () => forge().slice(0, -2),
    'that are garbage': () => 'Bearer a.b.c',
  };
  for (const [name, make] of Object.entries(refused)) {
    it(`are refused ${name}`, async () => {
      const response = await read(make());
      expectProblem(response, 'TOKEN_INVALID');
      expect(response.headers['www-authenticate']).to.match(/^Bearer/);
    });
  }

  it('are asked for where there is none, and where another scheme is used', async () => {
    expectProblem(await api.http.get('/backup/history'), 'TOKEN_MISSING');
    expectProblem(await read('Basic YWRhOnB3'), 'TOKEN_MISSING');
    expectProblem(await read('Bearer '), 'TOKEN_MISSING');
    expectProblem(await api.http.get('/backup/history?access_token=x'), 'TOKEN_MISSING');
  });

  it('end at once when the user is disabled or the token version rises, and lose rights with the role', async () => {
    const other = await addUser(api, 'eve', 'operator');
    const header = bearer(api, other);
    const write = () => api.http.post('/backup/full').set(header);
    expectAnswer(await write(), 'POST /backup/full');
    await api.pool.query(`UPDATE users SET role = 'auditor' WHERE id = $1`, [other.id]);
    expectProblem(await write(), 'ROLE_INSUFFICIENT');
    await api.pool.query('UPDATE users SET token_version = 1 WHERE id = $1', [other.id]);
    expectProblem(await write(), 'TOKEN_INVALID');
    const fresh = bearer(api, { ...other, tokenVersion: 1 });
    expectAnswer(await api.http.get('/backup/history').set(fresh), 'GET /backup/history');
    await api.pool.query('UPDATE users SET disabled = true WHERE id = $1', [other.id]);
    expectProblem(await api.http.get('/backup/history').set(fresh), 'TOKEN_INVALID');
  });

  it('never appear in the log or the audit trail', async () => {
    const header = bearer(api, user).Authorization;
    await read(header);
    await api.http.get(`/backup/history?token=${header.slice(7)}`).set('Authorization', header);
    for (const place of [api.log(), JSON.stringify(await auditTrail(api.pool))]) {
      expect(place).to.not.include(header.slice(7, 27));
    }
  });
});
