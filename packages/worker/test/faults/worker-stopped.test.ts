import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '@safekeep/shared/config/secret';
import { clientOptions } from '@safekeep/shared/history/database';
import { expect } from 'chai';
import pg from 'pg';
import { slowTable, type WorkerProcess } from '../process/world.js';
import type { Random } from '../property/random.js';
import { type Api, type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { forgetTheDead } from './harness/forget-the-dead.js';
import { freeze, thaw } from './harness/freeze.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, Tally } from './harness/seeds.js';

/** What a worker may take after SIGTERM: 15 s for its jobs to end, 20 s for them to clean up; in milliseconds. */
const GRACE = 15_000 + 20_000;

const JOBS = ['full', 'incremental', 'verification', 'recovery test'] as const;
type Job = (typeof JOBS)[number];

interface Stopped {
  readonly id: string;
  readonly how: 'stopped' | 'killed';
}

/** Fault 4 of docs/TESTING.md. */
describe('a worker that is told to stop', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  let api: Api;
  let history: pg.Client;
  let full: string;
  const tally = new Tally(4);

  before(async () => {
    world = await openFaultWorld('stopped', { sources: ['hung'] });
    await world.sql('source', `${slowTable(20_000)}; ALTER TABLE scans ADD PRIMARY KEY (id)`);
    await world.sql('source_hung', slowTable(1_000));
    api = await world.startApi();
    history = new pg.Client(clientOptions(new Secret(world.postgres.url('history'))));
    await history.connect();
    await world.startWorker();
    full = await request('full');
    await world.settled();
    await world.killWorkers();
  });
  after(async () => {
    tally.print();
    await history?.end();
    await world?.close();
  });
  afterEach(() => world.killWorkers());

  async function request(job: Job): Promise<string> {
    const { status, body } = await {
      full: () => api.request('POST', '/backup/full', { body: {} }),
      incremental: () => api.request('POST', '/backup/incremental', { body: {} }),
      verification: () => api.request('POST', `/backup/${full}/verify`, { body: {} }),
      'recovery test': () => api.request('POST', '/backup/recovery/test', { body: { backupId: full } }),
    }[job]();
    expect(status, JSON.stringify(body)).to.equal(202);
    return body.id;
  }

  async function states(id: string): Promise<string[]> {
    const { rows } = await history.query<{ state: string }>(
      'SELECT state FROM runs WHERE subject_id = $1 ORDER BY token',
      [id],
    );
    return rows.map(({ state }) => state);
  }

  /** A worker that stands still in the middle of the job. */
  async function caught(id: string, random: Random): Promise<WorkerProcess> {
    const worker = await world.startWorker();
    // A short pause, for it may wait a minute for the lease of the worker that was killed before.
    while ((await states(id)).length === 0) await delay(1);
    await delay(random.between(0, 40));
    freeze(worker.pid);
    expect(await states(id), 'the job runs').to.deep.equal(['running']);
    return worker;
  }

  async function stopOne(job: Job, how: Stopped['how'], random: Random): Promise<Stopped> {
    const id = await request(job);
    const worker = await caught(id, random);
    worker.child.kill('SIGTERM');
    thaw(worker.pid);
    while (!worker.log().includes('worker stops')) await delay(1);
    if (how === 'killed') await delay(random.between(0, 30));
    worker.child.kill(how === 'killed' ? 'SIGKILL' : 'SIGTERM');
    expect(await worker.ended()).to.equal(how === 'killed' ? 'SIGKILL' : 0);
    const [state] = await states(id);
    // A small job may have been faster than the signal.
    if (state !== 'completed') expect(state).to.equal(how === 'killed' ? 'running' : 'interrupted');
    tally.count(`${job} ${state === 'completed' ? 'ended first' : how}`);
    return { id, how };
  }

  for (const { number, random } of SEEDS) {
    it(`gives its job back, or dies with it, and the job runs again (seed ${number})`, async () => {
      const stopped: Stopped[] = [];
      for (const [at, job] of random.shuffled(JOBS).entries()) {
        stopped.push(await stopOne(job, at % 2 === 0 ? 'stopped' : 'killed', random));
      }
      await forgetTheDead(world);
      await world.startWorker();
      await world.settled();
      for (const { id, how } of stopped) {
        const runs = await states(id);
        expect(runs.at(-1)).to.equal('completed');
        // One that was given back may have been taken by a worker that was stopped next.
        if (runs.length > 1) expect(runs[0]).to.equal(how === 'killed' ? 'lost' : 'interrupted');
      }
      await checkInvariants(world);
    });
  }

  it('lets a job that is nearly done come to its end', async () => {
    const worker = await world.startWorker();
    const id = await request('full');
    while ((await states(id)).length === 0) await delay(1);
    worker.child.kill('SIGTERM');
    expect(await worker.ended()).to.equal(0);
    expect(await states(id)).to.deep.equal(['completed']);
  });

  it('ends within its grace while the source is silent, and the job runs again', async () => {
    const worker = await world.startWorker(world.through('source'));
    world.network.source.slowDown(20);
    const id = await request('full');
    while ((await states(id)).length === 0) await delay(1);
    await delay(500);
    world.network.source.blackHole();
    worker.child.kill('SIGTERM');
    const told = Date.now();
    expect(await worker.ended(), 'in good order').to.equal(0);
    // The promise of docs/OPERATIONS.md, and a moment for the processes to come and go.
    expect(Date.now() - told).to.be.below(GRACE + 10_000);
    tally.count('stopped in a silent network');
    expect(await states(id)).to.not.include('completed');
    await forgetTheDead(world);
    await world.startWorker();
    await world.settled();
    world.network.source.mend();
    expect((await states(id)).at(-1)).to.equal('completed');
    await checkInvariants(world);
  });
});
