import { randomUUID } from 'node:crypto';
import { Secret } from '@safekeep/shared/config/secret';
import { QUEUE_PREFIX } from '@safekeep/shared/queues/contracts';
import { Queue } from 'bullmq';
import { expect } from 'chai';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { as } from './people.js';
import { servers } from './servers.js';
import { startTestApi, type TestApi } from './test-api.js';

const PATH = '/backup/monitoring/alerts';

describe('alerts over HTTP', () => {
  let api: TestApi;
  let viewer: { Authorization: string };
  let operator: { Authorization: string };
  before(async () => {
    api = await startTestApi({ channels: { slack: { url: new Secret('https://hooks.example/SECRET') } } });
    [viewer, operator] = [await as(api, 'viewer'), await as(api, 'operator')];
  });
  after(() => api.close());

  const ids: Record<string, string> = {};
  before(async () => {
    const rows = [
      ['old', 'backup-failed', 'critical', 'main', '3 hours', '2 hours'],
      ['disk', 'disk-low', 'warning', 'lab', '2 hours', null],
      ['worker', 'worker-absent', 'critical', null, '1 hour', null],
    ];
    for (const [name, rule, severity, source, raised, resolved] of rows) {
      const id = randomUUID();
      ids[name as string] = id;
      await api.pool.query(
        `INSERT INTO alerts (id, rule, severity, source, message, detail, raised_at, resolved_at)
         VALUES ($1, $2, $3, $4, 'm', '{"n": 1}', now() - $5::interval, now() - $6::interval)`,
        [id, rule, severity, source, raised, resolved],
      );
    }
  });

  async function list(query: string): Promise<string[]> {
    const response = await api.http.get(`${PATH}${query}`).set(viewer);
    expectAnswer(response, `GET ${PATH}`);
    return response.body.map((row: { id: string }) => Object.keys(ids).find((name) => ids[name] === row.id));
  }

  it('are an array, newest first: those that are open, or as state, severity, source and limit say', async () => {
    expect(await list('')).to.deep.equal(['worker', 'disk']);
    expect(await list('?state=all')).to.deep.equal(['worker', 'disk', 'old']);
    expect(await list('?state=resolved')).to.deep.equal(['old']);
    expect(await list('?severity=critical')).to.deep.equal(['worker']);
    expect(await list('?source=lab')).to.deep.equal(['disk']);
    expect(await list('?limit=1')).to.deep.equal(['worker']);
    expect((await auditTrail(api.pool)).at(-1)).to.include({ action: 'alerts.read', result: 'ok' });
  });

  it('are acknowledged by an operator, once, and stay open', async () => {
    const path = `${PATH}/${ids.disk}/acknowledge`;
    const first = await api.http.post(path).set(operator);
    expectAnswer(first, `POST ${PATH}/:id/acknowledge`);
    expect(first.body.acknowledgedAt).to.be.a('string');
    expect(first.body.acknowledgedBy).to.be.a('string');
    const second = await api.http.post(path).set(operator);
    expect(second.body.acknowledgedAt).to.equal(first.body.acknowledgedAt);
    expect((await auditTrail(api.pool)).at(-1)).to.deep.include({
      actor: 'operator',
      action: 'alert.acknowledged',
      target: ids.disk,
      detail: { rule: 'disk-low', source: 'lab', news: false },
    });
    expect(await list('')).to.include('disk');
  });

  it('refuse what is not theirs', async () => {
    expectProblem(await api.http.get(PATH), 'TOKEN_MISSING');
    for (const query of [
      'limit=0',
      'limit=-1',
      'limit=x',
      'limit=1001',
      'severity=high',
      'state=x',
      'source=..',
      'x=1',
    ])
      expectProblem(await api.http.get(`${PATH}?${query}`).set(viewer), 'REQUEST_INVALID');
    const acknowledge = (id: string) => api.http.post(`${PATH}/${id}/acknowledge`);
    expectProblem(await acknowledge(ids.disk ?? ''), 'TOKEN_MISSING');
    expectProblem(await acknowledge(ids.disk ?? '').set(viewer), 'ROLE_INSUFFICIENT');
    expectProblem(await acknowledge('first').set(operator), 'REQUEST_INVALID');
    expectProblem(await acknowledge(randomUUID()).set(operator), 'ALERT_UNKNOWN');
    expectProblem(await api.http.post('/backup/monitoring/alert-test').set(viewer), 'ROLE_INSUFFICIENT');
    expectProblem(await api.http.post('/backup/monitoring/alert-test'), 'TOKEN_MISSING');
  });

  it('have a test that queues one message to each channel, by id alone', async () => {
    const response = await api.http.post('/backup/monitoring/alert-test').set(operator);
    expectAnswer(response, 'POST /backup/monitoring/alert-test');
    expect(response.body).to.have.length(1);
    expect(response.body[0]).to.include({ channel: 'slack', event: 'test', status: 'queued' });
    const queue = new Queue('notify', {
      connection: { url: (await servers()).redis.url },
      prefix: QUEUE_PREFIX,
    });
    const job = await queue.getJob(response.body[0].id);
    await queue.close();
    expect(job?.data).to.deep.equal({ notificationId: response.body[0].id });
    expect((await auditTrail(api.pool)).at(-1)).to.include({ action: 'notify.test', result: 'ok' });
  });

  it('have no test where no channel is configured', async () => {
    const silent = await startTestApi();
    const response = await silent.http
      .post('/backup/monitoring/alert-test')
      .set(await as(silent, 'operator'));
    expectProblem(response, 'NOTIFY_NOT_CONFIGURED');
    expect((await auditTrail(silent.pool)).at(-1)).to.include({ action: 'notify.test', result: 'refused' });
    await silent.close();
  });
});
