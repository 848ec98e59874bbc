import { expect } from 'chai';
import { auditTrail } from './expectations.js';
import { addUser, as, PASSWORD } from './people.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('the audit trail', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());

  it('holds one event for each request that matters, with who, what and how it ended', async () => {
    await addUser(api, 'ada', 'operator');
    const login = await api.http.post('/auth/login').send({ username: 'ada', password: PASSWORD });
    const ada = { Authorization: `Bearer ${login.body.access_token}` };
    await api.http.post('/auth/login').send({ username: 'ada', password: 'wrong' });
    await api.http.post('/auth/login').send({ username: 'ada' });
    await api.http.get('/backup/history').set(ada);
    await api.http.get('/backup/history?limit=-1').set(ada);
    await api.http.get('/backup/history').set('Authorization', 'Bearer nonsense');
    const made = await api.http.post('/backup/full').set(ada).set('Idempotency-Key', 'k');
    await api.http.post('/backup/full').set(ada).set('Idempotency-Key', 'k');
    await api.http.post('/backup/full').set(ada).set('Idempotency-Key', 'k').send({ source: 'lab' });
    await api.http.post('/backup/full').set(ada).set('Content-Type', 'application/json').send('{');
    await api.http.get('/health/ready');
    await api.http.get('/nowhere');

    const trail = await auditTrail(api.pool);
    expect(trail.map((event) => [event.actor, event.action, event.result, event.detail.code])).to.deep.equal([
      ['ada', 'login', 'ok', undefined],
      ['anonymous', 'login', 'refused', 'LOGIN_FAILED'],
      ['anonymous', 'login', 'refused', 'REQUEST_INVALID'],
      ['ada', 'history.read', 'ok', undefined],
      ['ada', 'history.read', 'refused', 'REQUEST_INVALID'],
      ['anonymous', 'history.read', 'refused', 'TOKEN_INVALID'],
      ['ada', 'backup.request', 'ok', undefined],
      ['ada', 'backup.request', 'ok', undefined],
      ['ada', 'backup.request', 'refused', 'IDEMPOTENCY_KEY_REUSED'],
      ['ada', 'backup.request', 'refused', 'BODY_MALFORMED'],
    ]);
    expect(trail[1]).to.include({ target: 'ada', address: '127.0.0.1' });
    expect(trail[6]?.target).to.equal(made.body.id);
    expect(trail[7]?.target).to.equal(made.body.id);
  });

  it('comes before the answer: what cannot be recorded is not read', async () => {
    const viewer = await as(api, 'viewer');
    await api.pool.query('ALTER TABLE audit_events RENAME COLUMN result TO gone');
    const response = await api.http.get('/backup/history').set(viewer);
    await api.pool.query('ALTER TABLE audit_events RENAME COLUMN gone TO result');
    expect(response.status).to.equal(500);
    expect(response.body).to.include({ code: 'INTERNAL' });
    expect(response.text).to.not.include('audit_events');
    expect(response.body.hint).to.include(response.headers['x-request-id']);
  });
});
