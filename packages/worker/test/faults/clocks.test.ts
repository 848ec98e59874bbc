import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readName } from '@safekeep/shared/storage/backup-names';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { slowTable, type WorkerProcess } from '../process/world.js';
import { nameAppears } from './harness/appearance.js';
import { CAN_FAKE_CLOCKS, FakedClock } from './harness/faked-clock.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { type Ended, openRequests, type Requests } from './harness/requests.js';
import { SEEDS, type Seed, Tally } from './harness/seeds.js';

const DAY = 86_400_000;
/** Two steps of retention: half a day is young, three days are old, whatever a clock that is wrong by a day says. */
const POLICY = { BACKUP_RETENTION_FULL_DAYS: '1', BACKUP_KEEP_MINIMUM: '1', BACKUP_COMPRESSION: 'gzip:1' };

const tally = new Tally(25);

/** Fault 25 of docs/TESTING.md. */
describe('clocks that are wrong', function () {
  this.timeout(240_000);
  before(function () {
    if (CAN_FAKE_CLOCKS) return;
    process.stdout.write('      SKIPPED: clocks cannot be faked without libfaketime (Debian: faketime)\n');
    this.skip();
  });
  after(() => tally.print());
  for (const seed of SEEDS) {
    describe(`of a worker (seed ${seed.number})`, () => wrongWorker(seed));
    describe(`of history (seed ${seed.number})`, () => wrongHistory(seed));
  }
  describe('that change to and from summer time', () => summerTime());
});

/** A world whose history and whose workers, if they are given its environment, go by a clock that can be set. */
function useWorld(
  name: string,
  { fakesHistory, rows }: { readonly fakesHistory: boolean; readonly rows: number },
) {
  const opened = {} as { world: FaultWorld; requests: Requests; clock: FakedClock };
  before(async () => {
    opened.clock = new FakedClock(join(await scratchFolder(`safekeep-${name}`), 'clock'));
    opened.world = await openFaultWorld(name, {
      sourcesApart: true,
      ...(fakesHistory && { serverEnvironment: opened.clock.environment }),
    });
    opened.requests = openRequests(opened.world);
    await opened.world.sql('source', slowTable(rows));
  });
  after(async () => {
    await opened.requests?.close();
    await opened.world?.close();
  });
  afterEach(() => opened.world.killWorkers());
  return {
    world: () => opened.world,
    requests: () => opened.requests,
    clock: () => opened.clock,
    async full(): Promise<Ended> {
      const ended = await opened.requests.end(await opened.requests.backup());
      expect(ended).to.include({ status: 'completed' });
      return ended;
    },
    async makeOlder(id: string, days: number): Promise<void> {
      const columns = ['created_at', 'started_at', 'ended_at'];
      const moved = columns.map((column) => `${column} = ${column} - interval '${days} days'`);
      await opened.world.sql('history', `UPDATE backups SET ${moved.join(', ')} WHERE id = '${id}'`);
    },
    /** The backups that a cleanup removed. */
    async cleanUp(): Promise<string[]> {
      const before = await disposed(opened.world);
      const ended = await opened.requests.end(await opened.requests.cleanUp());
      expect(ended.status).to.equal('completed');
      return (await disposed(opened.world)).filter((id) => !before.includes(id));
    },
  };
}

async function disposed(world: FaultWorld): Promise<string[]> {
  const rows = await world.sql<{ id: string }>(
    'history',
    'SELECT id FROM backups WHERE disposed_at IS NOT NULL',
  );
  return rows.map(({ id }) => id);
}

function wrongWorker({ random }: Seed): void {
  const { world, requests, clock, full, makeOlder, cleanUp } = useWorld('worker-clock', {
    fakesHistory: false,
    rows: 100,
  });

  async function startWrong(by: number, extra: NodeJS.ProcessEnv = {}): Promise<WorkerProcess> {
    clock().shift(by);
    return world().startWorker({ ...POLICY, ...clock().environment, ...extra });
  }

  for (const by of random.shuffled([DAY, -DAY])) {
    const way = by > 0 ? 'ahead' : 'behind';

    it(`a day ${way}: its backups have history's time in their names and their ends`, async () => {
      await startWrong(by);
      const begun = Date.now();
      const [first, second] = [await full(), await full()];
      for (const { file_name: name } of [first, second]) {
        const named = readName(name ?? '')?.startedAt.getTime() ?? 0;
        // A name that is taken makes the next second the name.
        expect(named).to.be.within(begun - 2_000, Date.now() + 2_000);
      }
      const wrong = await world().sql(
        'history',
        `SELECT id FROM backups WHERE ended_at NOT BETWEEN started_at AND now() OR ended_at > started_at + interval '1 hour'`,
      );
      expect(wrong, 'with an end before the start, or in the future').to.deep.equal([]);
      tally.count(`worker a day ${way}`);
    });

    it(`a day ${way}: its cleanup removes what is too old, and nothing that is not`, async () => {
      await world().startWorker(POLICY);
      const [old, young] = [await full(), await full()];
      await makeOlder(old.id, 3);
      await makeOlder(young.id, 0.5);
      const newest = await full();
      await world().killWorkers();
      await startWrong(by);
      const removed = await cleanUp();
      expect(removed).not.to.include.members([young.id]);
      expect(removed).not.to.include.members([newest.id]);
      await world().killWorkers();
      await world().startWorker(POLICY);
      expect([...removed, ...(await cleanUp())])
        .to.include(old.id)
        .and.not.to.include(young.id);
      tally.count(`cleanup by a worker a day ${way}`);
    });

    it(`a day ${way}: what it put off is not put off for others once it is gone`, async () => {
      const wrong = await startWrong(by, world().through('source'));
      world().network.source.refuse();
      const asked = await requests().backup();
      while (!wrong.log().includes('attempt ended')) await delay(50);
      // A moment for the queue, which hears of it after history.
      await delay(500);
      await world().killWorkers();
      world().network.source.mend();
      await world().startWorker(POLICY);
      expect(await requests().end(asked)).to.include({ status: 'completed' });
      tally.count(`retry put off by a worker a day ${way}`);
    });
  }

  for (const by of [DAY, -DAY]) {
    const way = by > 0 ? 'ahead' : 'behind';

    it(`of the API, a day ${way}: it tells the age of the data by history's clock`, async () => {
      await world().startWorker();
      await full();
      clock().shift(by);
      const api = await world().startApi({ ...clock().environment, RPO_TARGET: '12h' });
      const tooOld = async () => {
        const { body } = await api.request('GET', '/backup/monitoring/statistics');
        return body.compliance.reasons.some(({ reason }: { reason: string }) => reason === 'data-too-old');
      };
      expect(await tooOld()).to.equal(false);
      await world().sql('history', `UPDATE backups SET started_at = started_at - interval '30 hours'`);
      expect(await tooOld()).to.equal(true);
      api.running.child.kill('SIGKILL');
      tally.count(`API a day ${way}`);
    });
  }

  it('and nothing is wrong afterwards', () => checkInvariants(world()));
}

function wrongHistory({ random }: Seed): void {
  const { world, requests, clock, full, makeOlder, cleanUp } = useWorld('history-clock', {
    fakesHistory: true,
    rows: 20_000,
  });
  const shifts = random.shuffled([DAY, -DAY]);

  /** Asks for a backup and waits until its file is being written. */
  async function beginBackup() {
    const before = new Set(readdirSync(world().backupDirectory));
    const asked = await requests().backup();
    await nameAppears(
      world().backupDirectory,
      (name) => name.endsWith('.pgdump.enc.gz.partial') && !before.has(name),
    );
    return asked;
  }

  it('set forth and back while backups are made: each is made, once', async () => {
    const slow = { ...POLICY, BACKUP_COMPRESSION: 'gzip:9', WORKER_CONCURRENCY: '1' };
    await Promise.all([world().startWorker(slow), world().startWorker(slow)]);
    for (const shift of shifts.flatMap((by) => [by, 0])) {
      const asked = await beginBackup();
      clock().shift(shift);
      expect(await requests().end(asked)).to.include({ status: 'completed' });
      tally.count('set while a backup is made');
    }
    const data = readdirSync(world().backupDirectory).filter((name) => readName(name) !== null);
    expect(data).to.have.length(4);
  });

  it('set back by a day when a worker dies: nobody waits for a day until its lease has lapsed', async () => {
    clock().shift(DAY);
    const slow = { ...POLICY, BACKUP_COMPRESSION: 'gzip:9' };
    const dying = await world().startWorker(slow);
    const asked = await beginBackup();
    dying.child.kill('SIGKILL');
    clock().shift(0);
    await world().startWorker(POLICY);
    expect(await requests().end(asked)).to.include({ status: 'completed', attempts: 2 });
    tally.count('set back under a lease');
  });

  it('that shows a second again in which a backup began: the name is another, and the older files stay', async () => {
    clock().shift(0);
    await world().startWorker(POLICY);
    const older = await full();
    const path = join(world().backupDirectory, older.file_name ?? '');
    const before = statSync(path);
    clock().stop(readName(older.file_name ?? '')?.startedAt ?? new Date());
    const younger = await full();
    clock().shift(0);
    expect(younger.file_name).not.to.equal(older.file_name);
    const after = statSync(path);
    expect([after.ino, after.size, after.mtimeMs]).to.deep.equal([before.ino, before.size, before.mtimeMs]);
    tally.count('the same second again');
  });

  for (const by of shifts) {
    const way = by > 0 ? 'ahead' : 'behind';

    it(`a day ${way}: a cleanup removes nothing that is not too old`, async () => {
      clock().shift(0);
      await world().startWorker(POLICY);
      const [old, young] = [await full(), await full()];
      await makeOlder(old.id, 3);
      await makeOlder(young.id, 0.5);
      clock().shift(by);
      const newest = await full();
      const removed = await cleanUp();
      clock().shift(0);
      expect(removed).not.to.include(young.id);
      expect(removed).not.to.include(newest.id);
      await world().sql('history', `UPDATE backups SET ended_at = now() WHERE ended_at > now()`);
      expect([...removed, ...(await cleanUp())]).to.include(old.id);
      tally.count(`cleanup with history a day ${way}`);
    });
  }

  // Runs that followed one another have times that do not.
  it('and nothing is wrong afterwards', () => checkInvariants(world(), { timesJump: true }));
}

function summerTime(): void {
  const { world, clock } = useWorld('summer-time', { fakesHistory: true, rows: 100 });
  const settings = { SCHEDULE_FULL: '30 2 * * *', SCHEDULE_TIMEZONE: 'Europe/Berlin' };

  async function dueTimes(): Promise<string[]> {
    const rows = await world().sql<{ due: Date }>(
      'history',
      `SELECT due_at AS due FROM due_runs WHERE name = 'full' ORDER BY due_at`,
    );
    return rows.map(({ due }) => due.toISOString());
  }
  async function becomesDue(time: string): Promise<void> {
    while (!(await dueTimes()).includes(time)) await delay(200);
    await world().newestBackup(({ status }) => status === 'completed');
  }

  it('a time that clocks show twice is due once, and one that they skip is due when they jump', async () => {
    // 02:29:50 for the first time: at 03:00 the clocks are set back to 02:00.
    clock().set(new Date('2026-10-25T00:29:50Z'));
    await world().startWorker({ ...settings, ...clock().environment });
    await becomesDue('2026-10-25T00:30:00.000Z');
    clock().set(new Date('2026-10-25T01:29:55Z'));
    // Two rounds of the reconciler, which would serve it.
    await delay(35_000);
    expect(await dueTimes()).to.deep.equal(['2026-10-25T00:30:00.000Z']);
    tally.count('set back in autumn');

    // At 02:00 the clocks are set forward to 03:00, half a year later.
    clock().set(new Date('2027-03-28T00:59:50Z'));
    await becomesDue('2027-03-28T01:00:00.000Z');
    const spring = (await dueTimes()).filter((time) => time >= '2027-03-28');
    expect(spring).to.deep.equal(['2027-03-28T01:00:00.000Z']);
    await checkInvariants(world(), { timesJump: true });
    tally.count('set forward in spring');
  });
}
