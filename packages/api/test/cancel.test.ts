import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { as } from './people.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('POST /backup/:id/cancel', () => {
  let api: TestApi;
  let viewer: { Authorization: string };
  let operator: { Authorization: string };
  before(async () => {
    api = await startTestApi();
    [viewer, operator] = [await as(api, 'viewer'), await as(api, 'operator')];
  });
  after(() => api.close());

  const cancel = (id: string, who = operator) => api.http.post(`/backup/${id}/cancel`).set(who);
  const queued = async () => (await api.http.post('/backup/full').set(operator)).body.id as string;

  it('ends a backup that waits, and leaves the request and the end in the audit trail', async () => {
    const id = await queued();
    const answer = await cancel(id);
    expectAnswer(answer, 'POST /backup/:id/cancel');
    expect(answer.body).to.deep.include({ id, status: 'cancelled' });
    expect(answer.body.error.code).to.equal('BACKUP_CANCELLED');
    expect(answer.body.cancelRequestedAt).to.be.a('string');
    const events = (await auditTrail(api.pool)).filter(({ target }) => target === id);
    expect(events.map(({ action, actor }) => `${actor} ${action}`)).to.include.members([
      'operator backup.cancel',
      'operator backup.cancelled',
    ]);
  });

  it('asks the worker of one that runs; asking again changes nothing', async () => {
    const id = await queued();
    await api.pool.query(`UPDATE backups SET status = 'running' WHERE id = $1`, [id]);
    const first = await cancel(id);
    expect(first.status).to.equal(202);
    expect(first.body.status).to.equal('running');
    const again = await cancel(id);
    expect(again.body.cancelRequestedAt).to.equal(first.body.cancelRequestedAt);
  });

  it('refuses what has ended, what is unknown, and people without the role', async () => {
    const id = await queued();
    await cancel(id);
    expectProblem(await cancel(id), 'BACKUP_ENDED');
    expectProblem(await cancel(randomUUID()), 'BACKUP_UNKNOWN');
    expectProblem(await cancel('latest'), 'REQUEST_INVALID');
    expectProblem(await cancel(id, viewer), 'ROLE_INSUFFICIENT');
    expectProblem(await api.http.post(`/backup/${id}/cancel`), 'TOKEN_MISSING');
  });
});
