import { registerSchedules } from '@safekeep/shared/schedules/register';
import type { Queue } from 'bullmq';
import { expect } from 'chai';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { as } from './people.js';
import { openQueue } from './servers.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('schedules over HTTP', () => {
  let api: TestApi;
  let queue: Queue;
  let admin: { Authorization: string };
  before(async () => {
    api = await startTestApi();
    admin = await as(api, 'admin');
    queue = await openQueue('backup');
    const daily = { envCron: '0 2 * * *', timezone: 'Europe/Berlin' };
    await registerSchedules(api.pool, [
      { ...daily, source: 'main', name: 'full' },
      { ...daily, source: 'lab', name: 'full' },
      { ...daily, source: '*', name: 'report', envCron: null },
    ]);
  });
  after(async () => {
    await queue.close();
    await api.close();
  });

  const list = async () => {
    const response = await api.http.get('/backup/schedules').set(await as(api, 'viewer'));
    expectAnswer(response, 'GET /backup/schedules');
    return response.body as Record<string, unknown>[];
  };
  const patch = (name: string, body: unknown) =>
    api.http
      .patch(`/backup/schedules/${name}`)
      .set(admin)
      .send(body as object);
  const patterns = async () =>
    Object.fromEntries((await queue.getJobSchedulers()).map(({ key, pattern }) => [key, pattern]));
  const lastEvent = async () =>
    (await auditTrail(api.pool)).filter((event) => event.action === 'schedule.changed').at(-1);

  it('are listed with what holds and the next run; those of all sources last', async () => {
    const [lab, main, report] = await list();
    expect(lab).to.include({ name: 'full', source: 'lab' });
    expect(main).to.include({
      name: 'full',
      source: 'main',
      cron: '0 2 * * *',
      envCron: '0 2 * * *',
      overridden: false,
      paused: false,
      timezone: 'Europe/Berlin',
      lastDueAt: null,
      updatedBy: null,
    });
    expect(new Date(String(main?.nextRun)).getTime()).to.be.greaterThan(Date.now());
    expect(report).to.include({ name: 'report', source: '*', cron: 'off', nextRun: null });
  });

  it('are overridden by an admin: it holds, the queue follows, and the trail tells before and after', async () => {
    const response = await patch('full', { cron: '30 4 * * *' });
    expectAnswer(response, 'PATCH /backup/schedules/:name');
    expect(response.body).to.include({
      source: 'main',
      cron: '30 4 * * *',
      envCron: '0 2 * * *',
      overridden: true,
    });
    expect(response.body.updatedBy).to.be.a('string');
    expect(await patterns()).to.deep.equal({ 'full.main': '30 4 * * *', 'full.lab': '0 2 * * *' });
    const event = await lastEvent();
    expect(event).to.include({ actor: 'admin', target: 'full.main', result: 'ok' });
    expect(event?.detail).to.include({ beforeCron: '0 2 * * *', afterCron: '30 4 * * *' });
  });

  it('give the override back with null', async () => {
    const response = await patch('full', { cron: null });
    expect(response.body).to.include({ cron: '0 2 * * *', overridden: false });
    expect((await patterns())['full.main']).to.equal('0 2 * * *');
  });

  it('are switched off, paused and resumed', async () => {
    expect((await patch('full', { source: 'lab', cron: 'off' })).body).to.include({
      cron: 'off',
      nextRun: null,
    });
    expect(await patterns()).to.have.keys(['full.main']);
    expect((await patch('full', { paused: true })).body).to.include({ paused: true, nextRun: null });
    expect(await patterns()).to.deep.equal({});
    const resumed = (await patch('full', { paused: false })).body;
    expect(resumed).to.include({ paused: false, cron: '0 2 * * *' });
    expect(resumed.nextRun).to.be.a('string');
    expect(await patterns()).to.have.keys(['full.main']);
  });

  it('of all sources are meant where no source is given', async () => {
    expect((await patch('report', { cron: '0 6 * * *' })).body).to.include({
      source: '*',
      cron: '0 6 * * *',
    });
  });

  const refused: [what: string, name: string, body: unknown, code: 'REQUEST_INVALID' | 'SCHEDULE_UNKNOWN'][] =
    [
      ['a cron with seconds', 'full', { cron: '0 0 2 * * *' }, 'REQUEST_INVALID'],
      ['nonsense', 'full', { cron: 'every night' }, 'REQUEST_INVALID'],
      ['a day that never comes', 'full', { cron: '0 2 30 2 *' }, 'REQUEST_INVALID'],
      ['a random minute', 'full', { cron: 'H 2 * * *' }, 'REQUEST_INVALID'],
      ['an empty cron', 'full', { cron: '' }, 'REQUEST_INVALID'],
      ['nothing', 'full', {}, 'REQUEST_INVALID'],
      [
        'a time zone, which is the environment’s',
        'full',
        { cron: '0 2 * * *', timezone: 'Mars' },
        'REQUEST_INVALID',
      ],
      ['a pause that is no truth value', 'full', { paused: 'yes' }, 'REQUEST_INVALID'],
      ['a source that cannot be one', 'full', { source: '../x', paused: true }, 'REQUEST_INVALID'],
      ['an unknown name', 'weekly', { paused: true }, 'SCHEDULE_UNKNOWN'],
      ['an unknown source', 'full', { source: 'elsewhere', paused: true }, 'SCHEDULE_UNKNOWN'],
      ['one source of a schedule of all', 'report', { source: 'main', paused: true }, 'SCHEDULE_UNKNOWN'],
      ['all sources of a schedule of one', 'full', { source: '*', paused: true }, 'SCHEDULE_UNKNOWN'],
    ];
  for (const [what, name, body, code] of refused) {
    it(`refuse ${what}, and the trail says so`, async () => {
      const before = await list();
      const response = await patch(name, body);
      expectProblem(response, code);
      expect(await list()).to.deep.equal(before);
      expect(await lastEvent()).to.include({ actor: 'admin', result: 'refused' });
    });
  }

  it('tell which ones are known', async () => {
    const { body } = await patch('weekly', { paused: true });
    expect(body.detail).to.contain('full of lab, full of main, report of *');
    expect(body.hint).to.contain('Name one of them');
  });

  it('are changed by admins alone', async () => {
    const operator = await as(api, 'operator');
    const request = api.http.patch('/backup/schedules/full').set(operator).send({ paused: true });
    expectProblem(await request, 'ROLE_INSUFFICIENT');
    expectProblem(await api.http.get('/backup/schedules'), 'TOKEN_MISSING');
  });

  it('POST /backup/incremental queues a backup that was asked for as an incremental', async () => {
    const response = await api.http.post('/backup/incremental').set(admin).set('Idempotency-Key', 'i1');
    expectAnswer(response, 'POST /backup/incremental');
    expect(response.body).to.include({ type: 'incremental', requestedType: 'incremental', status: 'queued' });
    const job = await queue.getJob(response.body.id);
    expect(job).to.include({ name: 'incremental' });
    expect(job?.data).to.deep.equal({ backupId: response.body.id });
    const full = await api.http.post('/backup/full').set(admin).set('Idempotency-Key', 'i1');
    expectProblem(full, 'IDEMPOTENCY_KEY_REUSED');
  });
});
