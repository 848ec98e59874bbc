import { randomUUID } from 'node:crypto';
import { tallyBackups } from '@safekeep/shared/history/metrics';
import type { Queue } from 'bullmq';
import { expect } from 'chai';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { as } from './people.js';
import { openQueue } from './servers.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('retention by the API', () => {
  let api: TestApi;
  let queue: Queue;
  let viewer: { Authorization: string };
  let operator: { Authorization: string };
  let admin: { Authorization: string };
  before(async () => {
    api = await startTestApi();
    [viewer, operator, admin] = [await as(api, 'viewer'), await as(api, 'operator'), await as(api, 'admin')];
    queue = await openQueue('cleanup');
  });
  after(async () => {
    await queue.close();
    await api.close();
  });

  async function addBackup(status: 'completed' | 'failed' | 'missing' = 'completed'): Promise<string> {
    const id = randomUUID();
    await api.pool.query(
      `INSERT INTO backups (id, source, type, requested_type, status, requested_via, ended_at, file_name, checksum, hmac, error_code, error_message, error_hint)
       VALUES ($1, 'main', 'full', 'full', $2, 'cli', now(), 'f', 'c', 'h', $3, $3, $3)`,
      [id, status, status === 'failed' ? 'DISK_FULL' : null],
    );
    return id;
  }

  describe('POST and GET /backup/cleanup', () => {
    it('queue a cleanup of all sources, and show it with all it decided, newest first', async () => {
      const first = await api.http.post('/backup/cleanup').set(operator);
      expectAnswer(first, 'POST /backup/cleanup');
      expect(first.body).to.include({ status: 'queued', dryRun: false, source: null, requestedVia: 'api' });
      expect((await queue.getJob(first.body.id))?.data).to.deep.equal({ cleanupRunId: first.body.id });
      const second = await api.http
        .post('/backup/cleanup')
        .set(operator)
        .send({ dryRun: true, source: 'lab' });
      expect(second.body).to.include({ dryRun: true, source: 'lab' });
      const decision = {
        backupId: randomUUID(),
        source: 'lab',
        type: 'full',
        fileName: 'f',
        sizeBytes: 1,
        action: 'remove',
        reason: 'old',
        outcome: 'removed',
      };
      await api.pool.query('UPDATE cleanup_runs SET decisions = $2 WHERE id = $1', [
        second.body.id,
        JSON.stringify([decision]),
      ]);
      const list = await api.http.get('/backup/cleanup?limit=2').set(viewer);
      expectAnswer(list, 'GET /backup/cleanup');
      expect(list.body.map((row: { id: string }) => row.id)).to.deep.equal([second.body.id, first.body.id]);
      expect(list.body[0].decisions).to.deep.equal([decision]);
      const event = (await auditTrail(api.pool)).find(({ action }) => action === 'cleanup.request');
      expect(event).to.include({ actor: 'operator', result: 'ok' });
      expect(event?.detail).to.include({ dryRun: false, id: first.body.id });
    });

    it('refuse an unknown source, another body, bad limits, and people without the role', async () => {
      const post = (body: object) => api.http.post('/backup/cleanup').set(operator).send(body);
      expectProblem(await post({ source: 'nowhere' }), 'SOURCE_UNKNOWN');
      expectProblem(await post({ source: '../lab' }), 'REQUEST_INVALID');
      expectProblem(await post({ dryRun: 'yes' }), 'REQUEST_INVALID');
      expectProblem(await post({ force: true }), 'REQUEST_INVALID');
      for (const limit of ['0', '-1', '101', 'all', '1.5'])
        expectProblem(await api.http.get(`/backup/cleanup?limit=${limit}`).set(viewer), 'REQUEST_INVALID');
      expectProblem(await api.http.post('/backup/cleanup').set(viewer), 'ROLE_INSUFFICIENT');
      expectProblem(await api.http.post('/backup/cleanup'), 'TOKEN_MISSING');
      expectProblem(await api.http.get('/backup/cleanup'), 'TOKEN_MISSING');
    });
  });

  describe('POST /backup/:id/hold', () => {
    const hold = (id: string, body: object, who = admin) =>
      api.http.post(`/backup/${id}/hold`).set(who).send(body);

    it('puts a backup under legal hold and takes the hold away, with a reason in the trail', async () => {
      const id = await addBackup();
      const held = await hold(id, { hold: true, reason: ' case 12 ' });
      expectAnswer(held, 'POST /backup/:id/hold');
      expect(held.body).to.include({ id, legalHold: true, legalHoldReason: 'case 12' });
      const shown = await api.http.get(`/backup/${id}`).set(viewer);
      expect(shown.body).to.include({ legalHold: true, legalHoldReason: 'case 12' });
      const released = await hold(id, { hold: false, reason: 'settled' });
      expect(released.body).to.include({ legalHold: false, legalHoldReason: null });
      const events = (await auditTrail(api.pool)).filter(({ action }) => action === 'hold.set');
      expect(events.map(({ actor, target, detail }) => [actor, target, detail])).to.deep.equal([
        ['admin', id, { hold: true, reason: 'case 12', before: false }],
        ['admin', id, { hold: false, reason: 'settled', before: true }],
      ]);
    });

    it('also holds what is left of a missing one', async () => {
      expectAnswer(
        await hold(await addBackup('missing'), { hold: true, reason: 'r' }),
        'POST /backup/:id/hold',
      );
    });

    it('refuses what cannot be held, a hold without a reason, and everybody but an admin', async () => {
      const body = { hold: true, reason: 'case 12' };
      expectProblem(await hold(randomUUID(), body), 'BACKUP_UNKNOWN');
      expectProblem(await hold('latest', body), 'REQUEST_INVALID');
      expectProblem(await hold(await addBackup('failed'), body), 'BACKUP_NOT_COMPLETED');
      const gone = await addBackup('missing');
      await api.pool.query(`UPDATE backups SET disposed_at = now(), disposed_reason = 'r' WHERE id = $1`, [
        gone,
      ]);
      expectProblem(await hold(gone, body), 'BACKUP_DISPOSED');
      const id = await addBackup();
      for (const bad of [
        {},
        { hold: true },
        { hold: true, reason: '  ' },
        { hold: 1, reason: 'r' },
        { hold: true, reason: 'a\u0000b' },
        { hold: true, reason: '\ud800' },
      ])
        expectProblem(await hold(id, bad), 'REQUEST_INVALID');
      expectProblem(await hold(id, body, operator), 'ROLE_INSUFFICIENT');
      expectProblem(await api.http.post(`/backup/${id}/hold`).send(body), 'TOKEN_MISSING');
      expect((await api.http.get(`/backup/${id}`).set(viewer)).body.legalHold).to.equal(false);
    });
  });

  it('the metrics tell what retention removed from what is missing', async () => {
    const id = await addBackup('missing');
    const tally = async () => (await tallyBackups(api.pool)).map(({ status, count }) => `${count} ${status}`);
    expect(await tally()).to.deep.equal(['1 missing']);
    await api.pool.query(`UPDATE backups SET disposed_at = now(), disposed_reason = 'r' WHERE id = $1`, [id]);
    expect(await tally()).to.deep.equal(['1 disposed']);
    await api.pool.query('DELETE FROM backups WHERE id = $1', [id]);
  });

  it('GET /backup/verification/status tells what the directories hold wrongly', async () => {
    const read = async () => (await api.http.get('/backup/verification/status').set(viewer)).body.storage;
    expect(await read()).to.deep.equal({ checkedAt: null, findings: [] });
    await api.pool.query(
      `INSERT INTO storage_findings (id, source, kind, name, size_bytes, resolved_at) VALUES
         ('${randomUUID()}', 'main', 'unknown-file', 'emergency_backup_20240101_020000.pgdump', 5, NULL),
         ('${randomUUID()}', 'main', 'unknown-file', 'gone.txt', 5, now())`,
    );
    await api.pool.query(
      `INSERT INTO storage_samples (source, free_bytes, total_bytes, backup_bytes) VALUES ('main', 1, 2, 1)`,
    );
    const answer = await api.http.get('/backup/verification/status').set(viewer);
    expectAnswer(answer, 'GET /backup/verification/status');
    expect(answer.body.storage.checkedAt).to.be.a('string');
    expect(answer.body.storage.findings.length).to.equal(1);
    expect(answer.body.storage.findings[0].message).to.contain('NOT ENCRYPTED');
  });
});
