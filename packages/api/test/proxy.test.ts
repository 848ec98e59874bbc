import { expect } from 'chai';
import { auditTrail } from './expectations.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('behind two trusted proxies', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi({ trustedProxies: 2 });
  });
  after(() => api.close());

  const guess = (forwarded: string) =>
    api.http
      .post('/auth/login')
      .set('X-Forwarded-For', forwarded)
      .send({ username: 'guess', password: 'wrong' });

  it('a client keeps its own address, and what it wrote itself is not believed', async () => {
    await guess('203.0.113.9, 198.51.100.7, 10.0.0.2');
    expect((await auditTrail(api.pool)).at(-1)?.address).to.equal('198.51.100.7');
  });

  it('one client that fails too often locks out itself alone', async () => {
    const attempts = Array.from({ length: 31 }, () => guess('198.51.100.8, 10.0.0.2'));
    const statuses = (await Promise.all(attempts)).map((response) => response.status);
    expect(statuses.filter((status) => status === 429)).to.have.length(1);
    expect((await guess('198.51.100.9, 10.0.0.2')).status).to.equal(401);
  });
});
