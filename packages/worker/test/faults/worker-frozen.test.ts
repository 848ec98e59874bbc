import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { slowTable, type WorkerProcess } from '../process/world.js';
import type { Random } from '../property/random.js';
import { grownTo, nameAppears } from './harness/appearance.js';
import { type Api, type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { freeze, freezeWhen, thaw } from './harness/freeze.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, Tally } from './harness/seeds.js';

const ROWS = 20_000;
/** What a row of the slow table comes to in a backup file. */
const BYTES_PER_ROW = 270;

/** Where a worker is frozen, by source. */
const POINTS = { main: 'while it dumps', a: 'between data and sidecar', b: 'after its sidecar' } as const;
type Source = keyof typeof POINTS;

interface Frozen {
  readonly source: Source;
  readonly id: string;
  readonly file: string;
  readonly worker: WorkerProcess;
  readonly published: boolean;
  /** The backup had ended before the signal came, as happens on a machine that is very busy. */
  readonly late: boolean;
}

/** Fault 5 of docs/TESTING.md. */
describe('a frozen worker that wakes up after its place was taken', function () {
  this.timeout(300_000);
  let world: FaultWorld;
  let api: Api;
  const tally = new Tally(5);

  before(async () => {
    world = await openFaultWorld('frozen', { sources: ['a', 'b'] });
    await world.sql('source', slowTable(ROWS));
    for (const database of ['source_a', 'source_b']) {
      await world.sql(database, 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 1000) g');
    }
    api = await world.startApi();
  });
  after(async () => {
    tally.print();
    await world?.close();
  });
  afterEach(() => world.killWorkers());

  async function request(source: string): Promise<string> {
    const { status, body } = await api.request('POST', '/backup/full', { body: { source } });
    expect(status, JSON.stringify(body)).to.equal(202);
    return body.id;
  }

  async function freezeOne(source: Source, random: Random): Promise<Frozen> {
    const folder = source === 'main' ? world.backupDirectory : join(world.backupDirectory, source);
    const end = source === 'main' ? '.pgdump.enc.gz.partial' : '.meta.partial';
    const written = nameAppears(folder, (name) => name.endsWith(end));
    const worker = await world.startWorker({ WORKER_CONCURRENCY: '1' });
    const id = await request(source);
    const hidden = await written;
    const file = hidden.slice(1, -(source === 'main' ? '.partial' : end).length);
    const visible = { data: join(folder, file), sidecar: join(folder, `${file}.meta`) };
    if (source === 'main') {
      await grownTo(folder, hidden, random.unit() * 0.8 * ROWS * BYTES_PER_ROW);
      freeze(worker.pid);
    } else {
      await freezeWhen(worker.pid, () => existsSync(source === 'a' ? visible.data : visible.sidecar), random);
    }
    // An end that is on its way to history arrives.
    await delay(50);
    const [row] = await world.sql('history', `SELECT status FROM backups WHERE id = '${id}'`);
    const late = row?.status === 'completed';
    tally.count(late ? 'ended first' : `frozen ${POINTS[source]}`);
    return { source, id, file, worker, published: existsSync(visible.sidecar), late };
  }

  for (const { number, random } of SEEDS) {
    it(`publishes nothing, ends nothing, and works on (seed ${number})`, async () => {
      const frozen: Frozen[] = [];
      for (const source of random.shuffled(Object.keys(POINTS) as Source[])) {
        frozen.push(await freezeOne(source, random));
      }
      const successor = await world.startWorker();
      await world.settled();
      const before = await outcomes(frozen);
      for (const { worker } of random.shuffled(frozen)) thaw(worker.pid);
      for (const { worker } of frozen.filter(({ late }) => !late)) {
        while (!/"attempt ended".*RUN_FENCED|RUN_FENCED.*"attempt ended"/.test(worker.log())) await delay(50);
      }
      expect(await outcomes(frozen)).to.deep.equal(before);
      for (const { id, file, published, late } of frozen) {
        const after = before.find((outcome) => outcome.id === id);
        expect(after?.status).to.equal('completed');
        if (published) expect(after?.file, 'completed from its sidecar').to.equal(file);
        else expect(after?.file, 'taken again').to.not.equal(file);
        expect(after?.states[0]).to.equal(late ? 'completed' : 'lost');
      }
      successor.child.kill('SIGKILL');
      await successor.ended();
      await request('main');
      await world.settled();
      await checkInvariants(world);
    });
  }

  async function outcomes(frozen: readonly Frozen[]) {
    const ids = frozen.map(({ id }) => `'${id}'`).join(', ');
    return world.sql<{ id: string; status: string; file: string; states: string[] }>(
      'history',
      `SELECT id, status, file_name AS file, checksum,
         ARRAY(SELECT state FROM runs WHERE subject_id = b.id ORDER BY token) AS states
       FROM backups b WHERE id IN (${ids}) ORDER BY id`,
    );
  }
});
