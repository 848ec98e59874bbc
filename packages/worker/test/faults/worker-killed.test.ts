import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { shell } from '../process/by-hand.js';
import { slowTable } from '../process/world.js';
import type { Random } from '../property/random.js';
import { grownTo, growsNoMore, nameAppears } from './harness/appearance.js';
import { type Api, type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { forgetTheDead } from './harness/forget-the-dead.js';
import { checkInvariants } from './harness/invariants.js';
import { programsOf } from './harness/programs-of.js';
import { SEEDS, Tally } from './harness/seeds.js';

const ROWS = 60_000;
/** What a row of the slow table comes to in a backup file. */
const BYTES_PER_ROW = 270;

/** Where a worker is killed, by source. `main` is reached through a network that has fallen silent, before all rows have come. */
const POINTS: Readonly<Record<string, (random: Random) => number | 'sidecar'>> = {
  main: (random) => random.between(5, 40),
  ten: (random) => random.between(5, 15),
  half: (random) => random.between(35, 65),
  end: () => 'sidecar',
};

interface Killed {
  readonly id: string;
  readonly source: string;
  readonly pid: number;
  readonly at: number;
  /** The backup was visible before the signal arrived, which fault 2 is about. */
  readonly late: boolean;
}

/** Fault 1 of docs/TESTING.md. */
describe('workers that are killed', function () {
  this.timeout(180_000);
  let world: FaultWorld;
  let api: Api;
  const tally = new Tally(1);

  before(async () => {
    const sources = Object.keys(POINTS).filter((name) => name !== 'main');
    world = await openFaultWorld('killed', { sources });
    for (const database of ['source', ...sources.map((name) => `source_${name}`)]) {
      await world.sql(database, slowTable(ROWS));
    }
    api = await world.startApi();
  });
  after(async () => {
    tally.print();
    await world?.close();
  });
  afterEach(() => world.killWorkers());

  const folderOf = (source: string) =>
    source === 'main' ? world.backupDirectory : join(world.backupDirectory, source);

  async function request(source: string): Promise<string> {
    const { status, body } = await api.request('POST', '/backup/full', { body: { source } });
    expect(status, JSON.stringify(body)).to.equal(202);
    return body.id;
  }

  async function pidOf(id: string): Promise<number> {
    for (;;) {
      const [run] = await world.sql<{ worker: string }>(
        'history',
        `SELECT worker FROM runs WHERE subject_id = '${id}' AND state = 'running'`,
      );
      if (run !== undefined) return Number(run.worker.split(':').at(-1));
      await delay(5);
    }
  }

  /** Asks for a backup and kills whoever makes it, at a point of it. */
  async function killOne(source: string, random: Random): Promise<Killed> {
    const before = new Set(existing(folderOf(source)));
    const point = POINTS[source]?.(random) ?? 50;
    const id = await request(source);
    const hidden = (end: string) => (name: string) =>
      name.startsWith('.full_backup') && name.endsWith(`${end}.partial`) && !before.has(name);
    const [pid, name] = await Promise.all([
      pidOf(id),
      nameAppears(folderOf(source), hidden(point === 'sidecar' ? '.meta' : '.pgdump.enc.gz')),
    ]);
    if (point !== 'sidecar') await grownTo(folderOf(source), name, (point / 100) * ROWS * BYTES_PER_ROW);
    if (source === 'main') {
      world.network.source.blackHole();
      // What is on its way yet would be written to a worker that is gone, which ends the program.
      await growsNoMore(join(folderOf(source), name));
    }
    process.kill(pid, 'SIGKILL');
    const at = Date.now();
    await delay(50);
    const visible = finalNames(folderOf(source)).filter((file) => !before.has(file));
    const late = point === 'sidecar' && visible.length > 0;
    tally.count(
      point === 'sidecar'
        ? `killed at ${late ? 100 : 99} %`
        : source === 'main'
          ? 'killed in a silent network'
          : `killed at ${source === 'ten' ? 10 : 50} %`,
    );
    return { id, source, pid, at, late };
  }

  for (const { number, random } of SEEDS) {
    it(`leave nothing that counts, and others take their place within 90 s (seed ${number})`, async () => {
      const known = new Map(Object.keys(POINTS).map((source) => [source, finalNames(folderOf(source))]));
      const one = { WORKER_CONCURRENCY: '1', ...world.through('source') };
      await Promise.all(Object.keys(POINTS).map(() => world.startWorker(one)));
      const killed = await Promise.all(
        random.shuffled(Object.keys(POINTS)).map((source) => killOne(source, random)),
      );
      for (const { source } of killed.filter(({ late }) => !late)) {
        expect(finalNames(folderOf(source)), 'nothing is visible').to.have.members(known.get(source) ?? []);
        expect(existing(folderOf(source)).some((name) => name.endsWith('.partial'))).to.equal(true);
      }
      expect(
        programsOf(world).map(({ name }) => name),
        'one waits for the network',
      ).to.include('pg_dump');

      await Promise.all([world.startWorker(), world.startWorker()]);
      await world.settled();
      for (const { id, pid, at, late } of killed) {
        const runs = await world.sql<{ state: string; worker: string; startedAt: Date }>(
          'history',
          `SELECT state, worker, started_at AS "startedAt" FROM runs WHERE subject_id = '${id}' ORDER BY token`,
        );
        const states = runs.map(({ state }) => state);
        if (late && states.join() === 'completed') continue;
        expect(states).to.deep.equal(['lost', 'completed']);
        expect(runs[1]?.worker.endsWith(`:${pid}`)).to.equal(false);
        // The contract of the product, not a measure of this machine's speed.
        expect((runs[1]?.startedAt.getTime() ?? Infinity) - at).to.be.below(90_000);
      }
      await checkInvariants(world);
      world.network.source.mend();
    });

    it(`leave no hidden file either where history was set back and knows no run of it (seed ${number})`, async () => {
      const file = join(world.folder, `history-${number}.sql`);
      const history = { FILE: file, URL: world.postgres.url('history') };
      await shell('pg_dump --no-password --file="$FILE" "$URL"', history);
      await world.startWorker();
      const { source } = await killOne('half', random);
      await world.sql('postgres', 'DROP DATABASE history WITH (FORCE)');
      await world.sql('postgres', 'CREATE DATABASE history');
      await shell(
        'psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --file="$FILE" "$URL" > /dev/null',
        history,
      );
      await forgetTheDead(world);
      await world.startWorker();
      while (existing(folderOf(source)).some((name) => name.endsWith('.partial'))) await delay(100);
      await checkInvariants(world);
    });
  }
});

function existing(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function finalNames(folder: string): string[] {
  return existing(folder).filter((name) => name.includes('_backup_') && !name.startsWith('.'));
}
