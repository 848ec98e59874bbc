import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { filesAt, namesOf } from '@safekeep/shared/storage/backup-names';
import { expect } from 'chai';
import { shell } from '../process/by-hand.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { openRequests, type Requests } from './harness/requests.js';
import { SEEDS, type Seed, Tally } from './harness/seeds.js';

const KEY_OF_NOBODY = 'somebody’s own notes';

const tally = new Tally(19);

/** Fault 19 of docs/TESTING.md. */
describe('what is not Safekeep’s', function () {
  this.timeout(120_000);
  after(() => tally.print());
  for (const seed of SEEDS) describe(`(seed ${seed.number})`, () => meetStrangers(seed));
});

function meetStrangers({ number, random }: Seed): void {
  let world: FaultWorld;
  let requests: Requests;

  before(async () => {
    world = await openFaultWorld('strangers');
    requests = openRequests(world);
    await world.sql('source', 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 100) g');
    await world.startWorker({ BACKUP_KEEP_MINIMUM: '1' });
  });
  after(async () => {
    await requests?.close();
    await world?.close();
  });

  const inside = (name: string) => join(world.backupDirectory, name);
  const fileOf = async () => {
    const ended = await requests.end(await requests.backup());
    expect(ended).to.include({ status: 'completed' });
    return ended as typeof ended & { file_name: string };
  };

  /** All that can be seen of what somebody else put there. */
  function look(paths: readonly string[]): unknown[] {
    return paths.map((path) => {
      const { ino, mode, size, mtimeMs, nlink } = lstatSync(path);
      const kind = lstatSync(path);
      const content = kind.isSymbolicLink()
        ? readlinkSync(path)
        : kind.isFile()
          ? readFileSync(path, 'hex')
          : kind.isDirectory()
            ? readdirSync(path)
            : null;
      return { path, ino, mode, size, mtimeMs, nlink, content };
    });
  }

  /** Paths below the backup directory of these and of what they hold, and the files of a backup that one stands in for. */
  function everythingOf(paths: readonly string[]): string[] {
    const below = (path: string) => path.slice(world.backupDirectory.length + 1);
    // What looks like a companion of a stranger may be a folder, another stranger.
    const files = readdirSync(world.backupDirectory, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => name);
    return [
      ...paths.flatMap((path) => {
        if (lstatSync(path).isDirectory()) return readdirSync(path).map((name) => below(join(path, name)));
        return namesOf(below(path))
          .filter((name) => files.includes(name))
          .concat(below(path));
      }),
    ].filter((path, at, all) => all.indexOf(path) === at);
  }

  it('is a policy that would keep nothing: it is refused at the start, and the message names each setting', async () => {
    const wrong = {
      BACKUP_RETENTION_FULL_DAYS: '0',
      BACKUP_RETENTION_INCREMENTAL_DAYS: '-30',
      BACKUP_KEEP_MINIMUM: '0',
    };
    const worker = await world.startWorker(wrong);
    expect(await worker.ended()).to.equal(3);
    const cli = await world.cli(['cleanup'], wrong);
    expect(cli.code).to.equal(3);
    for (const told of [worker.log(), cli.stderr]) {
      expect(told).to.match(/BACKUP_RETENTION_FULL_DAYS.*needs a whole number from 1/);
      expect(told).to.match(/BACKUP_RETENTION_INCREMENTAL_DAYS.*needs a whole number from 1/);
      expect(told).to.match(/BACKUP_KEEP_MINIMUM.*needs a whole number from 1/);
    }
    tally.count('retention 0 or negative');
  });

  it('is neither followed, opened, overwritten nor removed by anything, whatever its name', async () => {
    const outside = join(world.folder, `outside-${number}`);
    mkdirSync(outside);
    const target = join(outside, 'target');
    writeFileSync(target, KEY_OF_NOBODY);
    const expired = await fileOf();
    await fileOf();

    const day = () => new Date(Date.UTC(2020, random.between(0, 11), random.between(1, 28), number % 24));
    const names = Array.from({ length: 6 }, (_, at) => filesAt('full', new Date(day().getTime() + at)));
    const own = random.shuffled([
      ...new Set(names.flatMap(({ data, sidecar, globals, manifest }) => [data, sidecar, globals, manifest])),
    ]);
    const hidden = (name: string) => inside(`.${name}.partial`);
    const next = () => own.pop() as string;
    const strangers: string[] = [];
    const put = (path: string, make: (path: string) => void) => {
      make(path);
      strangers.push(path);
    };
    const fifo = (path: string) => shell('mkfifo "$P"', { P: path });
    // Links to a file, to a directory and to nothing.
    for (const to of [target, outside, join(outside, 'nothing')]) {
      put(inside(next()), (path) => symlinkSync(to, path));
      put(hidden(next()), (path) => symlinkSync(to, path));
    }
    for (const path of [inside(next()), hidden(next()), inside('lost+found')])
      put(path, (folder) => {
        mkdirSync(folder);
        writeFileSync(join(folder, 'inside'), 'x');
      });
    for (const path of [inside(next()), inside(filesAt('full', new Date(0)).sidecar), hidden(next())]) {
      await fifo(path);
      strangers.push(path);
    }
    put(inside('notes.txt'), (path) => writeFileSync(path, KEY_OF_NOBODY));
    put(inside('emergency_backup_20200101_000000.pgdump'), (path) => writeFileSync(path, 'PGDMP'));
    put(inside('hard-link'), (path) => linkSync(target, path));
    // Every name that the next backups could get.
    const soon = Array.from({ length: 5 }, (_, at) => filesAt('full', new Date(Date.now() + at * 1_000)));
    for (const { data, sidecar } of soon) {
      if (!readdirSync(world.backupDirectory).includes(data))
        put(inside(random.pick([data, sidecar])), (path) => symlinkSync(target, path));
    }
    // In the place of a backup's own file, which retention wants to remove.
    const moved = join(outside, 'moved');
    renameSync(inside(expired.file_name), moved);
    put(inside(expired.file_name), (path) => symlinkSync(moved, path));
    await world.sql(
      'history',
      ['created_at', 'started_at', 'ended_at']
        .map((at) => `UPDATE backups SET ${at} = ${at} - interval '200 days' WHERE id = '${expired.id}'`)
        .join('; '),
    );

    const theirs = [...strangers, target, moved];
    const before = look(theirs);
    const newer = await fileOf();
    expect((await requests.end(await requests.verify(newer.id))).status).to.equal('passed');
    expect((await requests.end(await requests.verify(expired.id))).status).to.equal('failed');
    expect(await requests.end(await requests.cleanUp())).to.include({ status: 'completed' });
    const rebuilt = await world.cli(['catalog', 'rebuild']);
    expect(rebuilt.code, rebuilt.stderr).to.be.oneOf([0, 1]);
    await killInTheMiddle();
    expect(look(theirs), 'strangers').to.deep.equal(before);
    tally.count('strangers');
    await checkInvariants(world, { strangers: everythingOf([...strangers, inside(expired.file_name)]) });
  });

  /** The next worker sweeps what the dead one left. */
  async function killInTheMiddle(): Promise<void> {
    const asked = await requests.backup();
    while ((await world.sql('history', `SELECT FROM runs WHERE subject_id = '${asked.id}'`)).length === 0);
    await world.killWorkers();
    await world.sql('history', `UPDATE runs SET lease_until = now() WHERE state = 'running'`);
    await world.startWorker({ BACKUP_KEEP_MINIMUM: '1' });
    await requests.end(asked);
  }
}
