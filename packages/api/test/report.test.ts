import { randomUUID } from 'node:crypto';
import { writeReport } from '@safekeep/shared/history/reports';
import { composeReport } from '@safekeep/shared/report/compose';
import { reportPage } from '@safekeep/shared/report/page';
import type { Queue } from 'bullmq';
import { expect } from 'chai';
import { aSource, NOW, soundFacts } from '../../shared/test/policy/facts.js';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { as } from './people.js';
import { openQueue } from './servers.js';
import { startTestApi, type TestApi } from './test-api.js';

type Header = { Authorization: string };

describe('reports', () => {
  let api: TestApi;
  let queue: Queue;
  let operator: Header;
  let auditor: Header;
  before(async () => {
    api = await startTestApi();
    operator = await as(api, 'operator');
    auditor = await as(api, 'auditor');
    queue = await openQueue('report');
  });
  after(async () => {
    await queue.close();
    await api.close();
  });

  const ask = (body?: object) => api.http.post('/backup/report').set(operator).send(body);
  const read = (id: string, accept?: string) => {
    const request = api.http.get(`/backup/reports/${id}`).set(auditor);
    return accept === undefined ? request : request.set('Accept', accept);
  };
  const body = composeReport(soundFacts({ sources: [aSource({ name: '<b>"lab"</b>' })] }), {
    id: randomUUID(),
    source: null,
    now: NOW,
  });

  /** A report as a worker would have completed it. */
  async function completed(): Promise<string> {
    const { id } = (await ask()).body;
    await writeReport(api.pool, id, {
      body,
      stem: 'report_20261124_060000',
      jsonSha256: 'a',
      htmlSha256: 'b',
    });
    return id;
  }

  it('POST /backup/report queues one by the id of its row, for all sources or for one', async () => {
    const all = await ask();
    expectAnswer(all, 'POST /backup/report');
    expect(all.body).to.include({
      status: 'queued',
      source: null,
      requestedVia: 'api',
      headline: null,
      files: null,
    });
    expect((await queue.getJob(all.body.id))?.data).to.deep.equal({ reportId: all.body.id });
    const one = await ask({ source: 'lab' });
    expect(one.body).to.include({ status: 'queued', source: 'lab' });
    expect((await auditTrail(api.pool)).at(-1)).to.deep.include({
      actor: 'operator',
      action: 'report.request',
      target: 'lab',
      result: 'ok',
    });
  });

  it('refuses a source that is unknown or no name, and the trail says so', async () => {
    expectProblem(await ask({ source: 'nowhere' }), 'SOURCE_UNKNOWN');
    expectProblem(await ask({ source: '../etc' }), 'REQUEST_INVALID');
    expectProblem(await ask({ days: 30 }), 'REQUEST_INVALID');
    const refused = (await auditTrail(api.pool)).filter(
      (event) => event.action === 'report.request' && event.result === 'refused',
    );
    expect(refused).to.have.length(3);
  });

  it('GET /backup/reports lists them newest first, without bodies', async () => {
    const id = await completed();
    const response = await api.http.get('/backup/reports?limit=2').set(auditor);
    expectAnswer(response, 'GET /backup/reports');
    expect(response.body).to.have.length(2);
    expect(response.body[0]).to.include({ id, status: 'completed', headline: body.summary.headline });
    expect(response.body[0]).to.not.have.property('body');
    expect(response.body[0].files.html).to.deep.equal({ name: 'report_20261124_060000.html', sha256: 'b' });
  });

  for (const query of ['limit=0', 'limit=-1', 'limit=1001', 'limit=ten', 'since=yesterday']) {
    it(`refuses the list with ${query}`, async () => {
      expectProblem(await api.http.get(`/backup/reports?${query}`).set(auditor), 'REQUEST_INVALID');
    });
  }

  const variants: [accept: string | undefined, type: 'json' | 'html'][] = [
    [undefined, 'json'],
    ['*/*', 'json'],
    ['application/json', 'json'],
    ['application/*', 'json'],
    ['text/html', 'html'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
    ['text/html;q=0.5, application/json;q=0.6', 'json'],
    ['text/html;q=0.6, application/json;q=0.5', 'html'],
    ['application/json;q=0, text/html', 'html'],
    ['application/json;q=0, */*;q=0.1', 'html'],
    ['TEXT/HTML', 'html'],
  ];
  for (const [accept, type] of variants) {
    it(`answers Accept ${accept ?? '(none)'} with ${type}`, async () => {
      const id = await completed();
      const response = await read(id, accept);
      expectAnswer(response, 'GET /backup/reports/:id');
      expect(response.headers.vary).to.match(/\bAccept\b/);
      if (type === 'json') {
        expect(response.body).to.include({ id, status: 'completed' });
        expect(response.body.body.compliance).to.have.length(body.compliance.length);
        expect(response.body.body.madeAt).to.equal('2026-11-24T06:00:00.000Z');
        return;
      }
      expect(response.headers['content-type']).to.equal('text/html; charset=utf-8');
      expect(response.text).to.equal(reportPage(body)).and.contain('Source &lt;b&gt;&quot;lab');
      const policy = response.headers['content-security-policy'];
      expect(policy).to.match(/^default-src 'none'; style-src 'sha256-[^']+'; .*frame-ancestors 'none'/);
    });
  }

  for (const accept of ['application/pdf', 'text/plain, image/*', 'application/json;q=0, text/html;q=0']) {
    it(`refuses Accept ${accept}`, async () => {
      expectProblem(await read(await completed(), accept), 'NOT_ACCEPTABLE');
    });
  }

  it('shows one that is not completed as JSON, and has no page of it', async () => {
    const { id } = (await ask()).body;
    const response = await read(id);
    expectAnswer(response, 'GET /backup/reports/:id');
    expect(response.body).to.include({ status: 'queued', body: null });
    expectProblem(await read(id, 'text/html'), 'REPORT_NOT_COMPLETED');
  });

  it('refuses an id that is unknown or none', async () => {
    expectProblem(await read(randomUUID()), 'REPORT_UNKNOWN');
    expectProblem(await read('latest'), 'REQUEST_INVALID');
  });

  it('leaves a trace of who read which report', async () => {
    const id = await completed();
    await read(id, 'text/html');
    expect((await auditTrail(api.pool)).at(-1)).to.include({
      actor: 'auditor',
      action: 'report.read',
      target: id,
    });
  });

  it('asks for the roles of the contract', async () => {
    const viewer = await as(api, 'viewer');
    const id = await completed();
    expectProblem(await api.http.post('/backup/report').set(viewer), 'ROLE_INSUFFICIENT');
    expectProblem(await api.http.post('/backup/report').set(auditor), 'ROLE_INSUFFICIENT');
    expectProblem(await api.http.get('/backup/reports').set(viewer), 'ROLE_INSUFFICIENT');
    expectProblem(await api.http.get(`/backup/reports/${id}`).set(viewer), 'ROLE_INSUFFICIENT');
    expectProblem(await api.http.get('/backup/reports'), 'TOKEN_MISSING');
  });
});
