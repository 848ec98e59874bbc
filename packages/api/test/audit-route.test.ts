import { expect } from 'chai';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { as } from './people.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('GET /audit', () => {
  let api: TestApi;
  let auditor: { Authorization: string };
  before(async () => {
    api = await startTestApi();
    auditor = await as(api, 'auditor');
    const operator = await as(api, 'operator');
    await api.http.post('/backup/full').set(operator);
    await api.http.post('/backup/full').set(operator).send({ source: 'unknown' });
    await api.http.get('/backup/history').set(operator);
  });
  after(() => api.close());

  const read = (query = '') => api.http.get(`/audit${query}`).set(auditor);
  const actions = async (query: string): Promise<string[]> => {
    const response = await read(query);
    expectAnswer(response, 'GET /audit');
    return response.body.map((event: { action: string }) => event.action);
  };

  it('tells the events newest first, with their hashes and the total, and is itself an event', async () => {
    const response = await read('?limit=2');
    expectAnswer(response, 'GET /audit');
    expect(response.headers['x-total-count']).to.equal('3');
    const [newest, older] = response.body;
    expect(newest).to.include({ seq: 3, actor: 'operator', action: 'history.read', result: 'ok' });
    expect(newest.prevHash).to.equal(older.hash);
    expect(newest.at).to.match(/T\d\d:\d\d:\d\d\.\d{6}Z$/);
    const event = (await auditTrail(api.pool)).at(-1);
    expect(event).to.include({ actor: 'auditor', action: 'audit.read', result: 'ok' });
    expect(event?.detail).to.include({ limit: 2 });
  });

  it('finds by action, area, actor, target and time', async () => {
    expect(await actions('?action=history.read')).to.deep.equal(['history.read']);
    expect(await actions('?action=backup')).to.deep.equal(['backup.request', 'backup.request']);
    expect(await actions('?action=back')).to.deep.equal([]);
    expect(await actions('?actor=operator&offset=2')).to.deep.equal(['backup.request']);
    const { body } = await read('?action=backup&limit=1000');
    const [refused, accepted] = body;
    expect(await actions(`?target=${accepted.target}`)).to.deep.equal(['backup.request']);
    const since = `${refused.at.slice(0, 23)}Z`;
    expect(await actions(`?actor=operator&since=${since}`)).to.include('history.read');
    expect(await actions(`?actor=operator&until=${accepted.at.slice(0, 19)}Z`)).to.deep.equal([]);
  });

  const wrong = [
    '?limit=0',
    '?limit=-1',
    '?limit=1001',
    '?offset=-1',
    '?since=yesterday',
    '?since=2026-01-31',
    '?until=2026-02-30T00:00:00Z',
    '?since=2026-02-02T00:00:00Z&until=2026-02-01T00:00:00Z',
    '?action=',
    '?actor=%00',
    '?result=ok',
  ];
  for (const query of wrong) {
    it(`refuses ${query}`, async () => {
      expectProblem(await read(query), 'REQUEST_INVALID');
    });
  }

  it('is not for viewers', async () => {
    expectProblem(await api.http.get('/audit').set(await as(api, 'viewer')), 'ROLE_INSUFFICIENT');
    expectProblem(await api.http.get('/audit'), 'TOKEN_MISSING');
  });

  it('never loses a filter to SQL', async () => {
    expect(await actions(`?actor=${encodeURIComponent("' OR true --")}`)).to.deep.equal([]);
    expect(await actions('?action=%25')).to.deep.equal([]);
  });
});
