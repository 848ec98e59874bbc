import { expect } from 'chai';
import { ANONYMOUS_REFUSALS, WRITES } from '../src/throttle/limits.js';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { addUser, as, bearer } from './people.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('throttling', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  beforeEach(() => api.redis.flushall());
  after(() => api.close());

  it('limits the writes of one user, not those of another, and never reads', async () => {
    const [busy, calm] = [await as(api, 'operator'), bearer(api, await addUser(api, 'calm', 'operator'))];
    // An unknown source: a write that is counted and costs no backup.
    const write = (header: { Authorization: string }) =>
      api.http.post('/backup/full').set(header).send({ source: 'elsewhere' });
    const responses = await Promise.all(Array.from({ length: WRITES.count + 5 }, () => write(busy)));
    expect(responses.filter((response) => response.status === 422)).to.have.length(WRITES.count);
    const refused = await write(busy);
    expectProblem(refused, 'TOO_MANY_REQUESTS');
    expect(Number(refused.headers['retry-after'])).to.be.within(1, WRITES.seconds);
    expectProblem(await write(calm), 'SOURCE_UNKNOWN');
    for (let reads = 0; reads < WRITES.count + 5; reads += 1) {
      expectAnswer(await api.http.get('/backup/history?limit=1').set(busy), 'GET /backup/history');
    }
  });

  it('keeps somebody without an account from filling the audit trail, and says where it stopped', async () => {
    const count = ANONYMOUS_REFUSALS.count + 10;
    await Promise.all(Array.from({ length: count }, () => api.http.get('/backup/history')));
    const missing = (await auditTrail(api.pool)).filter((event) => event.detail.code === 'TOKEN_MISSING');
    expect(missing).to.have.length(ANONYMOUS_REFUSALS.count + 1);
    expect(missing.filter((event) => event.detail.furtherLeftOut)).to.have.length(1);
    await api.http.post('/auth/login').send({ username: 'nobody', password: 'wrong' });
    expect((await auditTrail(api.pool)).at(-1)?.detail.code).to.equal('LOGIN_FAILED');
  });
});
