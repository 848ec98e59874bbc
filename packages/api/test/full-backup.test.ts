import type { Queue } from 'bullmq';
import { expect } from 'chai';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { addUser, as, bearer } from './people.js';
import { exchange, written } from './raw-http.js';
import { openQueue } from './servers.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('POST /backup/full', () => {
  let api: TestApi;
  let queue: Queue;
  let operator: { Authorization: string };
  before(async () => {
    api = await startTestApi();
    operator = await as(api, 'operator');
    queue = await openQueue('backup');
  });
  after(async () => {
    await queue.close();
    await api.close();
  });

  const post = (key?: string) =>
    api.http.post('/backup/full').set({ ...operator, ...(key !== undefined && { 'Idempotency-Key': key }) });
  const rows = async (): Promise<number> =>
    Number((await api.pool.query('SELECT count(*) FROM backups')).rows[0].count);

  it('answers with the queued row and enqueues its id and nothing else', async () => {
    const response = await post().send({ source: 'lab' });
    expectAnswer(response, 'POST /backup/full');
    expect(response.body).to.include({ status: 'queued', type: 'full', source: 'lab', requestedVia: 'api' });
    const job = await queue.getJob(response.body.id);
    expect(job?.data).to.deep.equal({ backupId: response.body.id });
    const event = (await auditTrail(api.pool)).at(-1);
    expect(event).to.include({ actor: 'operator', target: response.body.id, result: 'ok' });
  });

  const emptyBodies: Record<string, [headers: string[], body?: string]> = {
    'no body and no header about one': [[]],
    'the type application/json and no body': [['Content-Type: application/json']],
    'a length of zero': [['Content-Length: 0']],
    'a length of zero and the type application/json': [
      ['Content-Type: application/json', 'Content-Length: 0'],
    ],
    'an empty chunked body': [['Transfer-Encoding: chunked'], '0\r\n\r\n'],
    'a form type and no body, as curl -d "" sends it': [
      ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 0'],
    ],
    'an empty object': [['Content-Type: application/json', 'Content-Length: 2'], '{}'],
  };
  for (const [name, [headers, body]] of Object.entries(emptyBodies)) {
    it(`backs up main when it comes with ${name}`, async () => {
      const all = [`Authorization: ${operator.Authorization}`, ...headers];
      const answer = await exchange(api.port, written('POST /backup/full', all, body));
      expect(answer).to.match(/^HTTP\/1\.1 202 /);
      expect(answer).to.include('"source":"main"');
    });
  }

  it('makes one backup of fifty requests with one key at the same moment, and gives all the same answer', async () => {
    const before = await rows();
    const responses = await Promise.all(Array.from({ length: 50 }, () => post('nightly-2024-01-01')));
    for (const response of responses) expectAnswer(response, 'POST /backup/full');
    expect(new Set(responses.map((response) => response.text)).size).to.equal(1);
    expect(await rows()).to.equal(before + 1);
  });

  it('refuses a key that was used for another request', async () => {
    await post('once').send({ source: 'main' });
    expectProblem(await post('once').send({ source: 'lab' }), 'IDEMPOTENCY_KEY_REUSED');
  });

  it('keeps the keys of two people apart', async () => {
    const other = bearer(api, await addUser(api, 'other', 'operator'));
    const mine = await post('shared-key');
    const theirs = await api.http.post('/backup/full').set({ ...other, 'Idempotency-Key': 'shared-key' });
    expectAnswer(theirs, 'POST /backup/full');
    expect(theirs.body.id).to.not.equal(mine.body.id);
  });

  it('refuses keys that are empty, too long, not ASCII or sent twice', async () => {
    const before = await rows();
    for (const key of ['', 'k'.repeat(256), 'two words', 'clé']) {
      const head = [`Authorization: ${operator.Authorization}`, `Idempotency-Key: ${key}`];
      expect(await exchange(api.port, written('POST /backup/full', head))).to.include('REQUEST_INVALID');
    }
    const twice = [`Authorization: ${operator.Authorization}`, 'Idempotency-Key: a', 'Idempotency-Key: b'];
    expect(await exchange(api.port, written('POST /backup/full', twice))).to.include('REQUEST_INVALID');
    expect(await rows()).to.equal(before);
    expectAnswer(await post('k'.repeat(255)), 'POST /backup/full');
  });

  it('refuses a source that is not configured, and audits that', async () => {
    expectProblem(await post().send({ source: 'elsewhere' }), 'SOURCE_UNKNOWN');
    const event = (await auditTrail(api.pool)).at(-1);
    expect(event).to.include({ action: 'backup.request', result: 'refused' });
    expect(event?.detail).to.include({ source: 'elsewhere', code: 'SOURCE_UNKNOWN' });
  });

  it('leaves a history that survives the loss of everything in Redis', async () => {
    const { body } = await post();
    const before = await rows();
    await api.redis.flushall();
    expect(await rows()).to.equal(before);
    const response = await api.http.get(`/backup/${body.id}`).set(operator);
    expectAnswer(response, 'GET /backup/:id');
    expect(response.body.status).to.equal('queued');
    expectAnswer(await post(), 'POST /backup/full');
  });
});
