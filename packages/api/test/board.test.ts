import { randomUUID } from 'node:crypto';
import type { Role } from '@safekeep/shared/history/users';
import { QUEUE_PREFIX, QUEUES } from '@safekeep/shared/queues/contracts';
import { Queue } from 'bullmq';
import { expect } from 'chai';
import type { Response } from 'supertest';
import { boardAction } from '../src/board/actions.js';
import { Browser, expectOwnPage } from './browser.js';
import { type AuditRow, auditTrail, expectProblem } from './expectations.js';
import { addUser, bearer } from './people.js';
import { servers } from './servers.js';
import { startTestApi, type TestApi } from './test-api.js';

const BOARD = '/admin/queues';
const EVIL: Record<string, string> = { 'Sec-Fetch-Site': 'cross-site' };

describe('/admin/queues', () => {
  let api: TestApi;
  let queue: Queue;
  const browsers = new Map<Role, Browser>();
  before(async () => {
    api = await startTestApi();
    for (const role of ['viewer', 'auditor', 'operator', 'admin'] as const) {
      await addUser(api, role, role);
      const browser = new Browser(api);
      expect((await browser.logIn(role)).status).to.equal(303);
      browsers.set(role, browser);
    }
    const { redis } = await servers();
    queue = new Queue('backup', { connection: { url: redis.url }, prefix: QUEUE_PREFIX });
    await queue.waitUntilReady();
  });
  after(async () => {
    await queue.close();
    await api.close();
  });

  const as = (role: Role): Browser => browsers.get(role) as Browser;
  const events = async (action: string): Promise<AuditRow[]> =>
    (await auditTrail(api.pool)).filter((event) => event.action === action);

  /** A job that waits for later, so that it can be promoted and removed, with its row in history. */
  async function delayedJob(): Promise<string> {
    const id = randomUUID();
    await api.pool.query(
      `INSERT INTO backups (id, source, type, requested_type, status, requested_via) VALUES ($1, 'main', 'full', 'full', 'queued', 'cli')`,
      [id],
    );
    await queue.add('full', { backupId: id }, { jobId: id, delay: 3_600_000 });
    return id;
  }

  /** A job that failed. */
  async function failedJob(): Promise<string> {
    const id = await delayedJob();
    const job = await queue.getJob(id);
    await api.redis.zrem(queue.toKey('delayed'), id);
    await api.redis.zadd(queue.toKey('failed'), Date.now(), id);
    await api.redis.hset(
      `${queue.toKey('')}${id}`,
      'failedReason',
      'The disk is full.',
      'finishedOn',
      Date.now(),
      'stacktrace',
      JSON.stringify(['Error: The disk is full.\n    at somewhere (/app/code.js:1:1)']),
    );
    expect(await job?.getState()).to.equal('failed');
    return id;
  }

  it('shows all six queues to operators and admins: to operators read-only', async () => {
    for (const role of ['operator', 'admin'] as const) {
      const page = await as(role).open(BOARD);
      expect(page.status).to.equal(200);
      expectOwnPage(page);
      expect(page.text.includes('read-only')).to.equal(role === 'operator');
      const { body } = await as(role).read(`${BOARD}/api/queues`);
      expect(body.queues.map((one: { name: string }) => one.name)).to.have.members([...QUEUES]);
      for (const one of body.queues) {
        expect(one.readOnlyMode).to.equal(role === 'operator');
        expect(one).to.include({ allowCompletedRetries: false, supportsGlobalRateLimit: false });
      }
    }
    const [event] = await events('board.read');
    expect(event).to.include({ actor: 'operator', result: 'ok' });
  });

  it('serves every script and style that its page names, from here', async () => {
    const { text } = await as('operator').open(BOARD);
    const paths = [...text.matchAll(/(?:src|href)="((?:static|activity|mark)[^"]*)"/g)].map(
      ([, path]) => path,
    );
    expect(paths.length).to.be.at.least(5);
    for (const path of paths)
      expect((await as('operator').read(`${BOARD}/${path}`)).status, path).to.equal(200);
  });

  it('is not visible to viewers and auditors, as a page and as data, and the trail says who tried', async () => {
    for (const role of ['viewer', 'auditor'] as const) {
      const page = await as(role).open(`${BOARD}/queue/backup`);
      expect(page.status).to.equal(403);
      expectOwnPage(page);
      expect(page.text).to.include('needs the role operator').and.not.include('verify');
      expectProblem(await as(role).read(`${BOARD}/api/queues`), 'ROLE_INSUFFICIENT');
      expectProblem(await as(role).read(`${BOARD}/activity.js`), 'ROLE_INSUFFICIENT');
      expectProblem(await as(role).change('put', `${BOARD}/api/queues/backup/promote`), 'ROLE_INSUFFICIENT');
      expect((await events('board.read')).at(-1)).to.include({ actor: role, result: 'refused' });
    }
  });

  it('tells of each job what it is about, its ids, and an error as a sentence', async () => {
    const id = await failedJob();
    await queue.add('due', { source: 'main', schedule: 'full' }, { jobId: 'due-1', delay: 3_600_000 });
    const { body } = await as('operator').read(`${BOARD}/api/queues?activeQueue=backup&jobsPerPage=20`);
    const { jobs } = body.queues.find((one: { name: string }) => one.name === 'backup');
    const job = jobs.find((one: { id: string }) => one.id === id);
    expect(job).to.deep.include({
      name: 'full backup of main',
      data: { backupId: id },
      failedReason: 'The disk is full.',
    });
    expect(job.stacktrace).to.deep.equal(['The disk is full.']);
    expect(jobs.map((one: { name: string }) => one.name)).to.include('scheduled full of main');
    const one = await as('operator').read(`${BOARD}/api/queues/backup/${id}`);
    expect(one.body.job.name).to.equal('full backup of main');
    await queue.remove('due-1');
  });

  /** Every way to change something that the board's own server part has. */
  const changes: [method: 'put' | 'post' | 'patch', path: (id: string) => string][] = [
    ['put', (id) => `/api/queues/backup/${id}/retry`],
    ['put', (id) => `/api/queues/backup/${id}/clean`],
    ['put', (id) => `/api/queues/backup/${id}/promote`],
    ['put', () => '/api/queues/backup/retry/failed'],
    ['put', () => '/api/queues/backup/clean/delayed'],
    ['put', () => '/api/queues/backup/promote'],
    ['put', () => '/api/queues/pause'],
    ['put', () => '/api/queues/resume'],
    ['put', () => '/api/queues/backup/pause'],
    ['put', () => '/api/queues/backup/resume'],
    ['put', () => '/api/queues/backup/empty'],
    ['put', () => '/api/queues/backup/obliterate'],
    ['put', () => '/api/queues/backup/concurrency'],
    ['put', () => '/api/queues/backup/rate-limit'],
    ['put', () => '/api/queues/backup/rate-limit/release'],
    ['put', () => '/api/queues/backup/job-schedulers/full.main/remove'],
    ['put', () => '/api/queues/backup/job-schedulers/full.main/run'],
    ['patch', () => '/api/queues/backup/job-schedulers/full.main'],
    ['post', () => '/api/queues/backup/add'],
    ['patch', (id) => `/api/queues/backup/${id}/update-data`],
    ['patch', (id) => `/api/queues/backup/${id}/delay`],
    ['patch', (id) => `/api/queues/backup/${id}/priority`],
    ['put', (id) => `/api/queues/backup/${id}/remove-unprocessed-children`],
  ];
  const allowed = new Set([0, 1, 2, 3, 4, 5]);

  for (const [at, [method, path]] of changes.entries()) {
    const shown = `${method.toUpperCase()} ${path(':id')}`;
    it(`lets no operator ${shown}`, async () => {
      const id = await delayedJob();
      const before = JSON.stringify([
        await queue.getJobCounts(),
        await queue.isPaused(),
        (await queue.getJob(id))?.data,
      ]);
      const response = await as('operator').change(method, BOARD + path(id));
      expectProblem(response, 'ROLE_INSUFFICIENT');
      expect(response.body.error).to.be.a('string');
      const after = JSON.stringify([
        await queue.getJobCounts(),
        await queue.isPaused(),
        (await queue.getJob(id))?.data,
      ]);
      expect(after).to.equal(before);
      const refused = (await auditTrail(api.pool)).at(-1);
      expect(refused).to.include({ actor: 'operator', result: 'refused' });
      expect(refused?.action).to.match(/^board\./);
    });
    if (allowed.has(at)) continue;
    it(`lets nobody ${shown}, not even an admin`, async () => {
      expectProblem(
        await as('admin').change(method, BOARD + path(await delayedJob())),
        'BOARD_ACTION_REFUSED',
      );
      expect((await events('board.change')).at(-1)).to.include({ actor: 'admin', result: 'refused' });
    });
  }

  it('lets an admin retry, promote and remove a job, each in the audit trail', async () => {
    const [failed, promoted, removed] = [await failedJob(), await delayedJob(), await delayedJob()];
    const change = async (id: string, what: string): Promise<Response> =>
      as('admin').change('put', `${BOARD}/api/queues/backup/${id}/${what}`);
    expect((await change(failed, 'retry')).status).to.equal(204);
    expect((await change(promoted, 'promote')).status).to.equal(204);
    expect((await change(removed, 'clean')).status).to.equal(204);
    expect(await (await queue.getJob(failed))?.getState()).to.equal('waiting');
    expect(await (await queue.getJob(promoted))?.getState()).to.equal('waiting');
    expect(await queue.getJob(removed)).to.equal(undefined);
    for (const [action, target] of [
      ['board.retry', failed],
      ['board.promote', promoted],
      ['board.remove', removed],
    ] as const) {
      expect((await events(action)).at(-1)).to.deep.include({
        actor: 'admin',
        target,
        result: 'ok',
        detail: { queue: 'backup' },
      });
    }
  });

  it('records that a change came to nothing', async () => {
    const response = await as('admin').change('put', `${BOARD}/api/queues/backup/${randomUUID()}/promote`);
    expect(response.status).to.equal(404);
    expect((await events('board.promote')).at(-1)).to.deep.include({
      result: 'refused',
      detail: { queue: 'backup', status: 404 },
    });
  });

  it('takes no change that another site sends, nor one without the token of its own page', async () => {
    const path = `${BOARD}/api/queues/backup/${await delayedJob()}/promote`;
    const good = as('admin').cookies.get('XSRF-TOKEN') ?? '';
    expectProblem(await as('admin').change('put', path, good, EVIL), 'FORM_REFUSED');
    expectProblem(
      await as('admin').change('put', path, good, { Origin: 'https://evil.example' }),
      'FORM_REFUSED',
    );
    expectProblem(await as('admin').change('put', path, ''), 'FORM_REFUSED');
    expectProblem(
      await as('admin').change('put', path, as('operator').cookies.get('XSRF-TOKEN')),
      'FORM_REFUSED',
    );
    expect((await events('board.promote')).slice(-4).map((event) => event.detail.code)).to.deep.equal(
      Array.from({ length: 4 }, () => 'FORM_REFUSED'),
    );
  });

  it('does not answer before the audit trail has the change', async () => {
    const id = await delayedJob();
    await api.pool.query('ALTER TABLE audit_events RENAME COLUMN result TO gone');
    const response = await as('admin').change('put', `${BOARD}/api/queues/backup/${id}/promote`);
    await api.pool.query('ALTER TABLE audit_events RENAME COLUMN gone TO result');
    expectProblem(response, 'INTERNAL');
  });

  it('counts changes as the API counts writes', async () => {
    const admin = await addUser(api, 'busy', 'admin');
    const browser = new Browser(api);
    await browser.logIn('busy');
    await Promise.all(
      Array.from({ length: 120 }, () =>
        api.http.post('/backup/full').set(bearer(api, admin)).send({ source: 'x' }),
      ),
    );
    expectProblem(await browser.change('put', `${BOARD}/api/queues/backup/promote`), 'TOO_MANY_REQUESTS');
  });

  it('says nothing about the server, and its unknown paths are problems', async () => {
    const response = await as('operator').read(`${BOARD}/nowhere`);
    expectProblem(response, 'ROUTE_UNKNOWN');
    for (const path of [BOARD, `${BOARD}/api/queues`, `${BOARD}/static/favicon.ico`])
      expect((await as('operator').read(path)).headers, path).to.not.have.any.keys('x-powered-by', 'server');
    expectOwnPage(await as('operator').open(`${BOARD}/nowhere`));
  });

  it('works while history is away only as far as it can know who asks: not at all', async () => {
    await api.pool.query('ALTER TABLE users RENAME TO users_gone');
    const page = await as('operator').open(BOARD);
    await api.pool.query('ALTER TABLE users_gone RENAME TO users');
    expect(page.status).to.be.at.least(500);
    expectOwnPage(page);
  });

  it('shows jobs without their names when history cannot give them, and logs why', async () => {
    const id = await delayedJob();
    await api.pool.query('ALTER TABLE backups RENAME COLUMN requested_type TO gone');
    const { status, body } = await as('operator').read(`${BOARD}/api/queues/backup/${id}`);
    await api.pool.query('ALTER TABLE backups RENAME COLUMN gone TO requested_type');
    expect(status).to.equal(200);
    expect(body.job).to.include({ id, name: 'full' });
    expect(api.log()).to.match(/"code":"42703".*"message":"connection error","part":"history"/);
  });

  it('says within a second or two that Redis is away, and comes back with it', async () => {
    const { redis } = await servers();
    await redis.stop();
    try {
      const page = await as('operator').open(BOARD);
      expect(page.status).to.equal(503);
      expectOwnPage(page);
      expect(page.text).to.include('BOARD_UNAVAILABLE').and.include('Try again');
      expectProblem(await as('operator').read(`${BOARD}/api/queues`), 'BOARD_UNAVAILABLE');
    } finally {
      await redis.restart();
    }
    while (api.redis.status !== 'ready') await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await as('operator').read(`${BOARD}/api/queues`)).status).to.equal(200);
  });
});

describe('a change on the board', () => {
  const cases: [method: string, path: string, expected: string | null][] = [
    ['PUT', '/api/queues/backup/1/retry', 'board.retry backup 1 -'],
    ['PUT', '/api/queues/backup/1/retry/', 'board.retry backup 1 -'],
    ['PUT', '/API/queues/backup/1/RETRY', 'board.retry backup 1 -'],
    ['PUT', '/api/queues/backup/retry/failed', 'board.retry-all backup - failed'],
    ['PUT', '/api/queues/backup/clean/completed', 'board.remove-all backup - completed'],
    ['PUT', '/api/queues/backup/promote', 'board.promote-all backup - -'],
    ['PUT', '/api/queues/backup/repeat%3Afull.main%3A1/clean', 'board.remove backup repeat:full.main:1 -'],
    ['PUT', '/api/queues/backup/%E0%A4%A/clean', 'board.remove backup %E0%A4%A -'],
    ['POST', '/api/queues/backup/1/retry', null],
    ['PUT', '/api/queues/backup/1/retry/failed/x', null],
    ['PUT', '/api/queues/backup/empty', null],
    ['PUT', '//api/queues/backup/1/retry', null],
    ['DELETE', '/api/queues/backup', null],
  ];
  for (const [method, path, expected] of cases) {
    it(`${method} ${path} is ${expected ?? 'not possible'}`, () => {
      const found = boardAction(method, path);
      const told = found && `${found.action} ${found.queue} ${found.job ?? '-'} ${found.status ?? '-'}`;
      expect(told).to.equal(expected);
    });
  }
});
