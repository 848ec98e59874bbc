import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MAXIMUM_ATTEMPTS } from '@safekeep/shared/history/runs';
import { expect } from 'chai';
import type { Random } from '../property/random.js';
import { nameAppears } from './harness/appearance.js';
import { type Api, type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { forgetTheDead } from './harness/forget-the-dead.js';
import { freezeWhen } from './harness/freeze.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, Tally } from './harness/seeds.js';

interface Killing {
  readonly source: string;
  /** The last name that the worker makes visible. */
  readonly last: 'data' | 'sidecar';
  /** Whether it was the last attempt that the backup had. */
  readonly lastAttempt: boolean;
}

interface Killed extends Killing {
  readonly id: string;
  readonly file: string;
  /** What was visible in the end: the worker may have been faster than wanted. */
  readonly published: boolean;
  /** It had ended before the signal came. */
  readonly late: boolean;
}

const KILLINGS: readonly Killing[] = [
  { source: 'main', last: 'data', lastAttempt: false },
  { source: 'a', last: 'sidecar', lastAttempt: false },
  { source: 'b', last: 'data', lastAttempt: true },
  { source: 'c', last: 'sidecar', lastAttempt: true },
];

/** Fault 2 of docs/TESTING.md. */
describe('a worker that is killed while its files become visible', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  let api: Api;
  const tally = new Tally(2);

  before(async () => {
    world = await openFaultWorld('publication', { sources: ['a', 'b', 'c'] });
    for (const database of ['source', 'source_a', 'source_b', 'source_c']) {
      await world.sql(
        database,
        `CREATE TABLE patients AS SELECT g AS id, md5(g::text) AS name FROM generate_series(1, 1000) g;
         ALTER TABLE patients ADD PRIMARY KEY (id)`,
      );
    }
    api = await world.startApi();
    await world.startWorker();
    for (const { source } of KILLINGS) await request('full', source);
    await world.settled();
    await world.killWorkers();
  });
  after(async () => {
    tally.print();
    await world?.close();
  });
  afterEach(() => world.killWorkers());

  async function request(type: 'full' | 'incremental', source: string): Promise<string> {
    const { status, body } = await api.request('POST', `/backup/${type}`, { body: { source } });
    expect(status, JSON.stringify(body)).to.equal(202);
    return body.id;
  }

  /** Earlier attempts of a backup that died. */
  async function die(id: string, source: string, times: number): Promise<void> {
    await world.sql(
      'history',
      `INSERT INTO runs (id, queue, subject_id, source, state, worker, started_at, ended_at, lease_until, swept)
       SELECT gen_random_uuid(), 'backup', '${id}', '${source}', 'lost', 'dead:1', now(), now(), now(), true FROM generate_series(1, ${times})`,
    );
  }

  async function killOne(killing: Killing, random: Random): Promise<Killed> {
    const { source, last, lastAttempt } = killing;
    const folder = source === 'main' ? world.backupDirectory : join(world.backupDirectory, source);
    const type = random.pick(['full', 'incremental'] as const);
    const id = await request(type, source);
    if (lastAttempt) await die(id, source, MAXIMUM_ATTEMPTS - 1);
    const written = nameAppears(folder, (name) => name.endsWith('.meta.partial'));
    const worker = await world.startWorker();
    const file = (await written).replace(/^\./, '').replace(/\.meta\.partial$/, '');
    const visible = { data: join(folder, file), sidecar: join(folder, `${file}.meta`) };
    await freezeWhen(worker.pid, () => existsSync(visible[last]), random);
    const published = existsSync(visible.sidecar);
    const [row] = await world.sql('history', `SELECT status FROM backups WHERE id = '${id}'`);
    worker.child.kill('SIGKILL');
    await worker.ended();
    // On a machine that is very busy a backup may end before the signal comes.
    const late = row?.status === 'completed';
    if (!late) expect(row, 'it was killed before its completion').to.deep.equal({ status: 'running' });
    const where = published ? 'after its sidecar' : 'between data and sidecar';
    tally.count(late ? 'ended first' : `${type} ${where}`);
    return { ...killing, id, file, published, late };
  }

  for (const { number, random } of SEEDS) {
    it(`its backup is completed from its sidecar, or nothing of it counts (seed ${number})`, async () => {
      const killed: Killed[] = [];
      for (const killing of random.shuffled(KILLINGS)) killed.push(await killOne(killing, random));
      await forgetTheDead(world);
      await world.startWorker();
      await world.settled();
      for (const { id, file, published, lastAttempt, late } of killed) {
        const [after] = await world.sql<{ status: string; file: string; code: string | null }>(
          'history',
          `SELECT status, file_name AS file, error_code AS code FROM backups WHERE id = '${id}'`,
        );
        const events = await world.sql<{ event: string }>(
          'history',
          `SELECT concat_ws(' ', action, detail ->> 'from', detail ->> 'code') AS event FROM audit_events
           WHERE target = '${id}' AND action <> 'backup.request'`,
        );
        const told = events.map(({ event }) => event);
        if (published) {
          expect(after, 'no second dump').to.deep.equal({ status: 'completed', file, code: null });
          expect(told).to.deep.equal([late ? 'backup.completed' : 'backup.completed sidecar']);
        } else if (lastAttempt) {
          expect(after).to.include({ status: 'failed', code: 'TOO_MANY_ATTEMPTS' });
          expect(told).to.deep.equal(['backup.failed TOO_MANY_ATTEMPTS']);
        } else {
          expect(after).to.include({ status: 'completed', code: null });
          expect(after?.file, 'taken again').to.not.equal(file);
          expect(told).to.deep.equal(['backup.completed']);
        }
      }
      await checkInvariants(world);
    });
  }
});
