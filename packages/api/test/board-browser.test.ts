import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { QUEUE_PREFIX } from '@safekeep/shared/queues/contracts';
import { Queue, Worker } from 'bullmq';
import { expect } from 'chai';
import { type Browser, chromium, type Page } from 'playwright-core';
import { auditTrail } from './expectations.js';
import { addUser, PASSWORD } from './people.js';
import { servers } from './servers.js';
import { startTestApi, type TestApi } from './test-api.js';

/** The path of the first one that is installed, or nothing. */
function installedChromium(): string {
  const look = 'command -v chromium || command -v chromium-browser || command -v google-chrome || true';
  return execFileSync('sh', ['-c', look], { encoding: 'utf8' }).trim();
}

describe('/admin/queues in Chromium', () => {
  let api: TestApi;
  let browser: Browser;
  let queue: Queue | undefined;
  /** What the browser complained about, and requests to anybody else. */
  const complaints: string[] = [];

  before(async function () {
    const executablePath = installedChromium();
    if (executablePath === '') {
      process.stderr.write(
        'SKIPPED: no Chromium is installed (apt-get install chromium): the board is not opened in a browser\n',
      );
      return this.skip();
    }
    api = await startTestApi();
    await addUser(api, 'ada', 'admin');
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  });
  after(async () => {
    await browser?.close();
    await queue?.close();
    await api?.close();
  });

  async function openPage(): Promise<Page> {
    const page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(`http://127.0.0.1:${api.port}/`) && !url.startsWith('data:'))
        complaints.push(`asks for ${url}`);
    });
    return page;
  }

  /** A job of the queue `backup` that failed, with its row in history. */
  async function failedJob(): Promise<Queue> {
    const id = randomUUID();
    await api.pool.query(
      `INSERT INTO backups (id, source, type, requested_type, status, requested_via) VALUES ($1, 'main', 'full', 'full', 'queued', 'cli')`,
      [id],
    );
    const connection = { url: (await servers()).redis.url, maxRetriesPerRequest: null };
    const queue = new Queue('backup', { connection, prefix: QUEUE_PREFIX });
    await queue.add('full', { backupId: id }, { jobId: id });
    const worker = new Worker('backup', null, { connection, prefix: QUEUE_PREFIX });
    const job = await worker.getNextJob('token');
    await job?.moveToFailed(new Error('The disk is full.'), 'token');
    await worker.close();
    return queue;
  }

  it('lets an admin log in, see what failed, retry it and log out, and nothing is blocked or asked of anybody else', async () => {
    queue = await failedJob();
    const page = await openPage();
    await page.goto(`http://127.0.0.1:${api.port}/admin/queues/queue/backup`);
    await page.getByLabel('User name').fill('ada');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('full backup of main').waitFor();
    await page.goto(`http://127.0.0.1:${api.port}/admin/queues/queue/backup?status=failed`);
    await page.getByText('The disk is full.').first().waitFor();
    const retried = page.waitForResponse((response) => response.request().method() === 'PUT');
    await page.getByRole('button', { name: 'Retry all' }).click();
    await page.getByRole('button', { name: /confirm/i }).click();
    expect((await retried).status()).to.equal(200);
    expect(await queue.getJobCounts('waiting', 'failed')).to.include({ failed: 0 });
    expect((await auditTrail(api.pool)).map((event) => event.action)).to.include('board.retry-all');
    await page.goto(`http://127.0.0.1:${api.port}/admin/queues/logout`);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    expect(complaints).to.deep.equal([]);
  });

  it('shows the documents of the API without a script', async () => {
    const page = await openPage();
    await page.goto(`http://127.0.0.1:${api.port}/docs`);
    await page.getByRole('heading', { name: '/backup/full' }).waitFor();
    expect(complaints).to.deep.equal([]);
  });
});
