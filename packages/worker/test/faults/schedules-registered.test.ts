import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { QUEUE_PREFIX } from '@safekeep/shared/queues/contracts';
import { Queue } from 'bullmq';
import { expect } from 'chai';
import { type RunningApi, runApi } from '../../../api/test/running-api.js';
import { dueThreeHoursAgo, letDaysPass } from '../../../shared/test/schedules/rows.js';
import type { WorkerProcess } from '../process/world.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, type Seed, Tally } from './harness/seeds.js';

const SCHEDULES = {
  SCHEDULE_FULL: dueThreeHoursAgo(),
  SCHEDULE_TEST: '0 4 * * *',
  SCHEDULE_CLEANUP: '0 5 * * *',
};

/** What two of the replicas want. */
const OTHERS = { ...SCHEDULES, SCHEDULE_TEST: '30 4 * * *' };

const tally = new Tally(15);

/** Fault 15 of docs/TESTING.md. */
describe('eight API replicas, two of them with another configuration, and four workers', function () {
  this.timeout(240_000);
  after(() => tally.print());
  for (const seed of SEEDS) describe(`(seed ${seed.number})`, () => startTogether(seed));
});

function startTogether({ random }: Seed): void {
  let world: FaultWorld;
  let queues: Queue[];
  let replicas: RunningApi[];

  before(async () => {
    world = await openFaultWorld('replicas');
    await world.sql('source', 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 9) g');
    queues = ['backup', 'verify', 'cleanup', 'restore-test', 'report'].map(
      (name) => new Queue(name, { connection: { url: world.redis.url }, prefix: QUEUE_PREFIX }),
    );
  });
  after(async () => {
    for (const { child } of replicas ?? []) child.kill('SIGKILL');
    await Promise.all((replicas ?? []).map((api) => api.ended()));
    await Promise.all(queues.map((queue) => queue.close()));
    await world.close();
  });

  const startWorkers = () => Promise.all(Array.from({ length: 4 }, () => world.startWorker(SCHEDULES)));
  const history = <T extends Record<string, unknown>>(text: string) => world.sql<T>('history', text);
  async function schedulers() {
    const found = await Promise.all(queues.map((queue) => queue.getJobSchedulers()));
    return found.flat().map(({ key, pattern }) => ({ key, pattern }));
  }

  /** What a schedule became, one after the other, as the audit trail says; each change tells what was before it. */
  async function changesOf(key: string): Promise<string[]> {
    const changes = await history<{ before: string | null; after: string }>(
      `SELECT detail->>'beforeCron' AS before, detail->>'afterCron' AS after FROM audit_events
       WHERE action = 'schedule.changed' AND target = '${key}' ORDER BY seq`,
    );
    const after = changes.map((change) => change.after);
    expect(changes.map(({ before }) => before)).to.deep.equal([null, ...after.slice(0, -1)]);
    return after;
  }

  it('started at once on empty databases make one schema, one admin with one password, and each schedule once; each change is audited', async () => {
    const environment = {
      ...(world.environment as Record<string, string>),
      JWT_SECRET: randomBytes(48).toString('base64'),
      PORT: '0',
    };
    const wanted = random.shuffled([...Array.from({ length: 6 }, () => SCHEDULES), OTHERS, OTHERS]);
    replicas = wanted.map((schedules) => runApi({ ...environment, ...schedules }));
    const workers = await startWorkers();
    const urls = await Promise.all(replicas.map((api) => api.url()));
    expect(workers.map(({ child }) => child.exitCode)).to.deep.equal([null, null, null, null]);
    for (const url of urls) expect((await fetch(`${url}/health/ready`)).status).to.equal(200);
    const shown = replicas.flatMap((api) => /shown only now: (\S+)/.exec(api.stdout())?.[1] ?? []);
    expect(shown).to.have.length(1);
    expect(await logIn(urls[0] ?? '', shown[0] ?? '')).to.equal(200);
    expect(await history('SELECT FROM users')).to.have.length(1);
    const rows = await history<{ key: string; cron: string }>(
      `SELECT name || '.' || source AS key, env_cron AS cron FROM schedules ORDER BY 1`,
    );
    expect(rows.map(({ key }) => key)).to.deep.equal([
      'cleanup.*',
      'full.main',
      'incremental.main',
      'report.*',
      'test.main',
      'verify.main',
    ]);
    for (const { key } of rows) if (key !== 'test.main') expect(await changesOf(key)).to.have.length(1);
    const test = rows.find(({ key }) => key === 'test.main')?.cron;
    const changes = await changesOf('test.main');
    expect([SCHEDULES.SCHEDULE_TEST, OTHERS.SCHEDULE_TEST]).to.include(test);
    expect(changes.at(-1)).to.equal(test);
    expect(await schedulers()).to.have.deep.members([
      { key: 'full.main', pattern: SCHEDULES.SCHEDULE_FULL },
      { key: 'test.main', pattern: test },
      { key: 'cleanup.*', pattern: SCHEDULES.SCHEDULE_CLEANUP },
    ]);
    for (const queue of queues) expect(await queue.getDelayedCount()).to.be.at.most(1);
    expect(await history('SELECT FROM backups')).to.deep.equal([]);
    tally.count('started at once');
  });

  it('a due time gives one backup when all workers come back at once and the queue tells them, too', async () => {
    await world.killWorkers();
    await letDaysPass({ query: history });
    const [backups] = queues as [Queue];
    const [due] = await backups.getDelayed();
    await due?.promote();
    const workers = await startWorkers();
    await world.newestBackup(
      ({ requestedVia, status }) => requestedVia === 'schedule' && status === 'completed',
    );
    while (!(await backups.getJobState(due?.id ?? '')).includes('completed')) await delay(100);
    // Whoever is stopped ends what it looks at first.
    await stopped(workers);
    expect(await history('SELECT FROM backups')).to.have.length(1);
    expect(await history(`SELECT FROM due_runs WHERE name = 'full'`)).to.have.length(1);
    expect(await schedulers()).to.have.length(3);
    await checkInvariants(world);
    tally.count('due time noticed by all');
  });
}

async function logIn(url: string, password: string): Promise<number> {
  const { status } = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password }),
  });
  return status;
}

async function stopped(workers: readonly WorkerProcess[]): Promise<void> {
  for (const { child } of workers) child.kill('SIGTERM');
  const codes = await Promise.all(workers.map((worker) => worker.ended()));
  expect(codes).to.deep.equal([0, 0, 0, 0]);
}
