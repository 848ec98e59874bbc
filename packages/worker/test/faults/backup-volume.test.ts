import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { mountTmpfs, type Tmpfs } from '../../../shared/test/storage/tmpfs.js';
import { slowTable } from '../process/world.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { type Ended, openRequests, type Requests } from './harness/requests.js';
import { SEEDS, Tally } from './harness/seeds.js';

/** Of the tables of `main`, in bytes as the server sends them. */
const ROWS = 20_000;
const SENT = ROWS * 520;

/**
 * What a backup needs of a file system that counts names: globals, data, manifest and sidecar, each hidden and then under its
 * final name.
 */
const NAMES_OF_A_BACKUP = 8;

/** Faults 9 and 10 of docs/TESTING.md. */
describe('the volume of the backups', function () {
  this.timeout(120_000);
  let volume: Tmpfs;
  let logs: Tmpfs;
  let world: FaultWorld;
  let requests: Requests;
  const full = new Tally(9);
  const gone = new Tally(10);

  before(async function () {
    volume = await mountTmpfs(this, `size=${64 + 32 * SEEDS.length}m,nr_inodes=1000`);
    // Room for what the worker has to say of all seeds: the log is to be full when its test fills it, and never before.
    logs = await mountTmpfs(this, `size=${128 * SEEDS.length}k`);
    world = await openFaultWorld('volume', { sources: ['lab'], backupDirectory: volume.folder });
    requests = openRequests(world, ['main', 'lab']);
    await world.sql('source', slowTable(ROWS));
    await world.sql('source_lab', 'CREATE TABLE samples AS SELECT g AS id FROM generate_series(1, 100) g');
    const environment = { ...world.through('source'), BACKUP_COMPRESSION: 'gzip:1' };
    await world.startWorker({ ...environment, LOG_FILE: join(logs.folder, 'worker.log') });
    for (const source of ['main', 'lab']) expect(await backup(source)).to.include({ status: 'completed' });
  });
  after(async () => {
    full.print();
    gone.print();
    await requests?.close();
    await world?.close();
    volume?.close();
    logs?.close();
  });

  const files = () => readdirSync(volume.folder, { recursive: true }).sort();
  const backup = async (source = 'main') => requests.end(await requests.backup(source));
  const fillers = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('filler'));
  const makeRoom = (folder: string) => {
    for (const name of fillers(folder)) rmSync(join(folder, name));
  };

  /** Takes every byte that is left. */
  function fill(folder: string): void {
    const { bavail, bsize } = statfsSync(folder);
    const piece = Math.max(1, Math.ceil((bavail * bsize) / 16));
    try {
      for (let at = 0; at < 32; at += 1) writeFileSync(join(folder, `filler-${at}`), Buffer.alloc(piece));
    } catch {
      // What fitted is there.
    }
  }

  async function alerted(code: string): Promise<void> {
    const wanted = `SELECT FROM alerts WHERE rule = 'backup-failed' AND resolved_at IS NULL AND message LIKE '%${code}%'`;
    while ((await world.sql('history', wanted)).length === 0) await delay(200);
  }

  /** No name was given to a file, so no dump had begun. */
  async function refused(ended: Ended, code: string): Promise<void> {
    expect(ended).to.include({ status: 'failed', error_code: code, attempts: 1 });
    const runs = await world.sql('history', `SELECT file_name FROM runs WHERE subject_id = '${ended.id}'`);
    expect(runs).to.deep.equal([{ file_name: null }]);
    gone.count(code);
  }

  for (const { number, random } of SEEDS) {
    it(`that fills while rows are written leaves no file behind, is told and alerted (seed ${number})`, async () => {
      for (let time = 0; time < 2; time += 1) {
        const before = files();
        const held = world.network.source.blackHoleAfter(random.between(SENT / 8, (SENT * 3) / 4));
        const asked = await requests.backup();
        await held;
        fill(volume.folder);
        world.network.source.mend();
        const ended = await requests.end(asked);
        expect(ended).to.include({ status: 'failed', error_code: 'DISK_FULL', attempts: 1 });
        full.count('while rows were written');
        makeRoom(volume.folder);
        expect(files()).to.deep.equal(before);
      }
      if (number === SEEDS[0]?.number) await alerted('DISK_FULL');
      expect(await backup()).to.include({ status: 'completed', attempts: 1 });
    });

    it(`that has no room for one more file, whichever it is, keeps what it has (seed ${number})`, async () => {
      const before = files();
      const steps = Array.from({ length: NAMES_OF_A_BACKUP }, (_, at) => at);
      for (const left of random.shuffled(steps)) {
        for (let at = 0; statfsSync(volume.folder).ffree > left; at += 1)
          writeFileSync(join(volume.folder, `filler-${at}`), '');
        expect(await backup('lab'), `${left} names left`).to.include({ error_code: 'DISK_FULL' });
        full.count(`${left} names left`);
        makeRoom(volume.folder);
        expect(files()).to.deep.equal(before);
      }
      expect(await backup('lab')).to.include({ status: 'completed', attempts: 1 });
      await checkInvariants(world);
    });

    it(`that is missing, read-only or not mounted is refused before any dump begins (seed ${number})`, async () => {
      const before = files();
      const faults = {
        missing: async () => {
          volume.unmount();
          renameSync(volume.folder, `${volume.folder}-away`);
          await refused(await backup(), 'BACKUP_DIR_UNUSABLE');
          expect(existsSync(volume.folder)).to.equal(false);
          renameSync(`${volume.folder}-away`, volume.folder);
          volume.mount();
        },
        'read-only': async () => {
          volume.remount('ro');
          await refused(await backup(), 'BACKUP_DIR_UNUSABLE');
          volume.remount('rw');
        },
        'not mounted': async () => {
          volume.unmount();
          for (const source of ['main', 'lab']) await refused(await backup(source), 'BACKUP_DIR_EMPTY');
          expect(files().filter((name) => name !== 'lab')).to.deep.equal([]);
          rmSync(join(volume.folder, 'lab'), { recursive: true });
          volume.mount();
        },
      };
      for (const fault of random.shuffled(Object.values(faults))) await fault();
      expect(files()).to.deep.equal(before);
      expect(await backup()).to.include({ status: 'completed', attempts: 1 });
      await checkInvariants(world);
    });
  }

  it('of the log that is full stops neither backups nor the log on standard output; the file says what it lacks', async () => {
    const log = join(logs.folder, 'worker.log');
    // Each leaves a line.
    const cleanUp = async () => requests.end(await requests.cleanUp());
    fill(logs.folder);
    while (!world.logs().join('').includes('LOG_FILE cannot be written')) await cleanUp();
    expect(await backup('lab')).to.include({ status: 'completed', attempts: 1 });
    const cleanup = await cleanUp();
    while (!world.logs().join('').includes(cleanup.id)) await delay(20);
    makeRoom(logs.folder);
    while (!readFileSync(log, 'utf8').includes('lines were lost')) await cleanUp();
    for (const line of readFileSync(log, 'utf8').trim().split('\n').slice(-2)) JSON.parse(line);
    full.count('under LOG_FILE');
    await checkInvariants(world);
  });
});
