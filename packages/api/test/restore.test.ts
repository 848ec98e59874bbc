import { randomUUID } from 'node:crypto';
import type { Queue } from 'bullmq';
import { expect } from 'chai';
import { addEndedBackup } from './ended-backup.js';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { as } from './people.js';
import { openQueue } from './servers.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('restores', () => {
  let api: TestApi;
  let queue: Queue;
  let admin: { Authorization: string };
  before(async () => {
    api = await startTestApi();
    admin = await as(api, 'admin');
    queue = await openQueue('restore-test');
  });
  after(async () => {
    await queue.close();
    await api.close();
  });

  const addBackup = (status: 'completed' | 'failed' | 'missing' | 'disposed') => addEndedBackup(api, status);
  const ask = (body: object, header = admin) =>
    api.http.post('/backup/recovery/restore').set(header).send(body);

  it('POST /backup/recovery/restore queues one by the id of its row, and records who asked for what', async () => {
    const backupId = await addBackup('completed');
    const response = await ask({
      backupId,
      targetDatabase: `-x "=" '://'`,
      tables: ['a.b'],
      withRoles: true,
    });
    expectAnswer(response, 'POST /backup/recovery/restore');
    expect(response.body).to.deep.include({
      backupId,
      source: 'main',
      status: 'queued',
      targetDatabase: `-x "=" '://'`,
      tables: ['a.b'],
      withRoles: true,
      withGrants: false,
      findings: null,
    });
    const job = await queue.getJob(response.body.id);
    expect(job).to.deep.include({ name: 'restore', data: { restoreId: response.body.id } });
    const event = (await auditTrail(api.pool)).at(-1);
    expect(event).to.include({ actor: 'admin', action: 'restore.request', target: backupId, result: 'ok' });
    expect(event?.detail).to.include({ tables: 1, withRoles: true });
  });

  it('GET shows one and lists all, newest first, to viewers', async () => {
    const viewer = await as(api, 'viewer');
    const { body } = await ask({ backupId: await addBackup('completed'), targetDatabase: 'second' });
    const one = await api.http.get(`/backup/recovery/restores/${body.id}`).set(viewer);
    expectAnswer(one, 'GET /backup/recovery/restores/:id');
    expect(one.body).to.include({ id: body.id, targetDatabase: 'second', tables: null });
    const all = await api.http.get('/backup/recovery/restores?limit=1').set(viewer);
    expectAnswer(all, 'GET /backup/recovery/restores');
    expect(all.body.map((row: { id: string }) => row.id)).to.deep.equal([body.id]);
  });

  it('refuses a second restore into the same database until the first has ended', async () => {
    const request = { backupId: await addBackup('completed'), targetDatabase: 'busy' };
    const first = await ask(request);
    expectProblem(await ask(request), 'TARGET_BUSY');
    await api.pool.query(`UPDATE restores SET status = 'completed' WHERE id = $1`, [first.body.id]);
    expectAnswer(await ask(request), 'POST /backup/recovery/restore');
  });

  it('refuses backups that cannot be restored, and the trail says so', async () => {
    expectProblem(await ask({ backupId: randomUUID(), targetDatabase: 'x' }), 'BACKUP_UNKNOWN');
    expectProblem(
      await ask({ backupId: await addBackup('failed'), targetDatabase: 'x' }),
      'BACKUP_NOT_COMPLETED',
    );
    const disposed = await addBackup('disposed');
    expectProblem(await ask({ backupId: disposed, targetDatabase: 'x' }), 'BACKUP_DISPOSED');
    const event = (await auditTrail(api.pool)).at(-1);
    expect(event).to.include({ action: 'restore.request', target: disposed, result: 'refused' });
  });

  const wrong: [promise: string, change: object][] = [
    ['no database', { targetDatabase: undefined }],
    ['an empty name', { targetDatabase: '' }],
    ['a name of 64 bytes', { targetDatabase: 'ü'.repeat(32) }],
    ['a name with a line break', { targetDatabase: 'a\nb' }],
    ['a name with a zero', { targetDatabase: 'a\0b' }],
    ['the server’s own database', { targetDatabase: 'postgres' }],
    ['a template', { targetDatabase: 'template1' }],
    ['an id that is none', { backupId: 'latest' }],
    ['no tables at all', { tables: [] }],
    ['an empty table', { tables: [''] }],
    ['a table with a NUL', { tables: ['a\u0000b'] }],
    ['tables as text', { tables: 'a,b' }],
    ['a field that nobody knows', { force: true }],
    ['roles as text', { withRoles: 'yes' }],
  ];
  for (const [promise, change] of wrong) {
    it(`refuses ${promise}`, async () => {
      const body = { backupId: randomUUID(), targetDatabase: 'fine', ...change };
      expectProblem(await ask(body), 'REQUEST_INVALID');
    });
  }

  it('takes a name of 63 bytes', async () => {
    const targetDatabase = `${'ü'.repeat(31)}x`;
    const body = { backupId: await addBackup('completed'), targetDatabase };
    expectAnswer(await ask(body), 'POST /backup/recovery/restore');
  });

  it('refuses unknown ids and wrong limits', async () => {
    const get = (path: string) => api.http.get(`/backup/recovery/restores${path}`).set(admin);
    expectProblem(await get(`/${randomUUID()}`), 'RESTORE_UNKNOWN');
    expectProblem(await get('/latest'), 'REQUEST_INVALID');
    for (const limit of ['0', '-1', 'x', '1001'])
      expectProblem(await get(`?limit=${limit}`), 'REQUEST_INVALID');
  });

  it('is for administrators alone', async () => {
    const body = { backupId: await addBackup('completed'), targetDatabase: 'mine' };
    for (const role of ['viewer', 'operator'] as const) {
      expectProblem(await ask(body, await as(api, role)), 'ROLE_INSUFFICIENT');
    }
  });
});
