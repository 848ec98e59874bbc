import { randomUUID } from 'node:crypto';
import type { Queue } from 'bullmq';
import { expect } from 'chai';
import { addEndedBackup } from './ended-backup.js';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { as } from './people.js';
import { openQueue } from './servers.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('verifications', () => {
  let api: TestApi;
  let queue: Queue;
  let operator: { Authorization: string };
  before(async () => {
    api = await startTestApi();
    operator = await as(api, 'operator');
    queue = await openQueue('verify');
  });
  after(async () => {
    await queue.close();
    await api.close();
  });

  const addBackup = (status: 'completed' | 'failed' | 'missing' | 'disposed') => addEndedBackup(api, status);
  const verify = (id: string) => api.http.post(`/backup/${id}/verify`).set(operator);
  const status = () => api.http.get('/backup/verification/status').set(operator);

  it('POST /backup/:id/verify queues one by the id of its row, and records who asked and the note', async () => {
    const id = await addBackup('completed');
    const response = await verify(id).send({ verifiedBy: 'admin-user-id' });
    expectAnswer(response, 'POST /backup/:id/verify');
    expect(response.body).to.include({
      backupId: id,
      status: 'queued',
      note: 'admin-user-id',
      requestedVia: 'api',
    });
    const job = await queue.getJob(response.body.id);
    expect(job?.data).to.deep.equal({ verificationId: response.body.id });
    const event = (await auditTrail(api.pool)).at(-1);
    expect(event).to.include({ actor: 'operator', action: 'verification.request', target: id, result: 'ok' });
  });

  it('works without a body, and for a backup whose file was missing', async () => {
    expectAnswer(await verify(await addBackup('missing')), 'POST /backup/:id/verify');
  });

  it('GET /backup/:id and the status show it', async () => {
    const id = await addBackup('completed');
    const { body } = await verify(id);
    const detail = await api.http.get(`/backup/${id}`).set(operator);
    expectAnswer(detail, 'GET /backup/:id');
    expect(detail.body.verifications.map((row: { id: string }) => row.id)).to.deep.equal([body.id]);
    await api.pool.query(
      `UPDATE verifications SET status = 'failed', verdict = 'checksum', reason = 'r', failed_at_byte = 7 WHERE id = $1`,
      [body.id],
    );
    const answer = await status();
    expectAnswer(answer, 'GET /backup/verification/status');
    expect(answer.body.backups[0]).to.deep.include({ backupId: id });
    expect(answer.body.backups[0].verification).to.include({
      id: body.id,
      verdict: 'checksum',
      failedAtByte: 7,
    });
    expect(answer.body.counts).to.deep.equal({ passed: 0, failed: 1, error: 0, pending: 2, never: 0 });
  });

  it('leaves failed backups out of the status, and counts those that were never verified', async () => {
    await addBackup('failed');
    const never = await addBackup('completed');
    const { body } = await status();
    expect(body.backups[0]).to.deep.include({ backupId: never, verification: null });
    expect(body.counts.never).to.equal(1);
  });

  it('leaves out what retention removed, and refuses to verify it', async () => {
    const id = await addBackup('missing');
    await api.pool.query(`UPDATE backups SET disposed_at = now(), disposed_reason = 'r' WHERE id = $1`, [id]);
    const { body } = await status();
    expect(body.backups.map((row: { backupId: string }) => row.backupId)).to.not.include(id);
    expectProblem(await verify(id), 'BACKUP_DISPOSED');
  });

  it('refuses what it cannot verify, and the trail says so', async () => {
    expectProblem(await verify(randomUUID()), 'BACKUP_UNKNOWN');
    expectProblem(await verify('latest'), 'REQUEST_INVALID');
    expectProblem(await verify(await addBackup('failed')), 'BACKUP_NOT_COMPLETED');
    const id = await addBackup('completed');
    for (const verifiedBy of [7, 'a\u0000b', '\ud800', 'x'.repeat(201)])
      expectProblem(await verify(id).send({ verifiedBy }), 'REQUEST_INVALID');
    expectProblem(await verify(id).send({ sudo: true }), 'REQUEST_INVALID');
    const viewer = await as(api, 'viewer');
    expectProblem(await api.http.post(`/backup/${id}/verify`).set(viewer), 'ROLE_INSUFFICIENT');
    expectProblem(await api.http.post(`/backup/${id}/verify`), 'TOKEN_MISSING');
    expectProblem(await api.http.get('/backup/verification/status'), 'TOKEN_MISSING');
    const refused = (await auditTrail(api.pool)).filter(
      (event) => event.action === 'verification.request' && event.result === 'refused',
    );
    expect(refused.length).to.be.at.least(5);
  });
});
