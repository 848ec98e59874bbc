import { randomUUID } from 'node:crypto';
import type { Queue } from 'bullmq';
import { expect } from 'chai';
import { addEndedBackup } from './ended-backup.js';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { as } from './people.js';
import { openQueue } from './servers.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('recovery tests', () => {
  let api: TestApi;
  let queue: Queue;
  let operator: { Authorization: string };
  before(async () => {
    api = await startTestApi();
    operator = await as(api, 'operator');
    queue = await openQueue('restore-test');
  });
  after(async () => {
    await queue.close();
    await api.close();
  });

  const addBackup = (status: 'completed' | 'failed' | 'missing' | 'disposed') => addEndedBackup(api, status);
  const ask = (body: object, who = operator) => api.http.post('/backup/recovery/test').set(who).send(body);
  const list = (query = '') => api.http.get(`/backup/recovery/tests${query}`).set(operator);

  it('POST /backup/recovery/test queues one by the id of its row, and records who asked and the note', async () => {
    const backupId = await addBackup('completed');
    const response = await ask({ backupId, testedBy: 'admin-user-id' });
    expectAnswer(response, 'POST /backup/recovery/test');
    expect(response.body).to.include({
      backupId,
      status: 'queued',
      note: 'admin-user-id',
      requestedVia: 'api',
    });
    const job = await queue.getJob(response.body.id);
    expect(job?.name).to.equal('restore-test');
    expect(job?.data).to.deep.equal({ recoveryTestId: response.body.id });
    const event = (await auditTrail(api.pool)).at(-1);
    expect(event).to.include({
      actor: 'operator',
      action: 'recovery-test.request',
      target: backupId,
      result: 'ok',
    });
  });

  it('GET /backup/recovery/tests shows them newest first, a page at a time, and so does GET /backup/:id', async () => {
    const backupId = await addBackup('completed');
    const ids: string[] = [];
    for (let at = 0; at < 3; at += 1) ids.unshift((await ask({ backupId })).body.id);
    const answer = await list('?limit=2');
    expectAnswer(answer, 'GET /backup/recovery/tests');
    expect(answer.body.map((row: { id: string }) => row.id)).to.deep.equal(ids.slice(0, 2));
    expect(Number(answer.headers['x-total-count'])).to.be.at.least(3);
    const next = await list('?limit=1&offset=2');
    expect(next.body.map((row: { id: string }) => row.id)).to.deep.equal(ids.slice(2));
    const detail = await api.http.get(`/backup/${backupId}`).set(operator);
    expectAnswer(detail, 'GET /backup/:id');
    expect(detail.body.recoveryTests.map((row: { id: string }) => row.id)).to.deep.equal(ids);
  });

  it('refuses what it cannot test, and the trail says so', async () => {
    const backupId = await addBackup('completed');
    expectProblem(await ask({ backupId: randomUUID() }), 'BACKUP_UNKNOWN');
    expectProblem(await ask({ backupId: await addBackup('failed') }), 'BACKUP_NOT_COMPLETED');
    expectProblem(await ask({ backupId: await addBackup('missing') }), 'BACKUP_NOT_COMPLETED');
    const disposed = await addBackup('missing');
    await api.pool.query(`UPDATE backups SET disposed_at = now() WHERE id = $1`, [disposed]);
    expectProblem(await ask({ backupId: disposed }), 'BACKUP_DISPOSED');
    for (const body of [
      {},
      { backupId: 'latest' },
      { backupId, testedBy: 7 },
      { backupId, testedBy: 'a\u0000b' },
      { backupId, sudo: true },
    ]) {
      expectProblem(await ask(body), 'REQUEST_INVALID');
    }
    for (const query of [
      '?limit=0',
      '?limit=-1',
      '?limit=1001',
      '?limit=x',
      '?offset=-1',
      '?status=passed',
    ]) {
      expectProblem(await list(query), 'REQUEST_INVALID');
    }
    const viewer = await as(api, 'viewer');
    expectProblem(await ask({ backupId }, viewer), 'ROLE_INSUFFICIENT');
    expectProblem(await api.http.post('/backup/recovery/test').send({ backupId }), 'TOKEN_MISSING');
    expectProblem(await api.http.get('/backup/recovery/tests'), 'TOKEN_MISSING');
    expectAnswer(await api.http.get('/backup/recovery/tests').set(viewer), 'GET /backup/recovery/tests');
    const refused = (await auditTrail(api.pool)).filter(
      (event) => event.action === 'recovery-test.request' && event.result === 'refused',
    );
    expect(refused.length).to.be.at.least(5);
  });
});
