import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { SafekeepError } from '../../src/errors.js';
import { LocalStorage } from '../../src/storage/local.js';

const DATA = 'full_backup_20240101_020000.pgdump.enc.gz';
const GLOBALS = 'full_backup_20240101_020000.globals.sql.enc';
const SIDECAR = `${DATA}.meta`;
const NAMES = [DATA, GLOBALS, SIDECAR];

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof SafekeepError ? error.code : String(error)),
  );

describe('backup files in a local directory', () => {
  let root: string;
  let storage: LocalStorage;

  beforeEach(async () => {
    root = await scratchFolder('safekeep-storage');
    storage = new LocalStorage(root, 'main');
  });

  const write = async (name: string, content: string, to = storage) =>
    pipeline(Readable.from([Buffer.from(content)]), await to.create(name));
  const writeAll = async (content: string) => {
    for (const name of NAMES) await write(name, `${content} ${name}`);
  };
  const visible = () => readdirSync(root).filter((name) => !name.startsWith('.'));
  const hidden = () => readdirSync(root).filter((name) => name.startsWith('.'));

  describe('while a backup is written', () => {
    it('show nothing under a final name, and only their owner and group may read them', async () => {
      await writeAll('one');
      expect(visible()).to.deep.equal([]);
      expect(hidden()).to.have.members(NAMES.map((name) => `.${name}.partial`));
      for (const name of hidden()) expect(statSync(join(root, name)).mode & 0o137, name).to.equal(0);
      expect(await storage.read(SIDECAR)).to.equal(null);
    });

    it('take their names: nobody else can begin a file of the same name', async () => {
      await write(DATA, 'one');
      expect(await storage.isTaken(DATA)).to.equal(true);
      expect(await storage.isTaken(GLOBALS)).to.equal(false);
      expect(await codeOf(storage.create(DATA))).to.equal('FILE_NAME_TAKEN');
      expect(readFileSync(join(root, `.${DATA}.partial`), 'utf8')).to.equal('one');
    });

    it('are discarded by name, as far as they exist', async () => {
      await write(DATA, 'one');
      await write(GLOBALS, 'two');
      await storage.discard([DATA, SIDECAR]);
      expect(hidden()).to.deep.equal([`.${GLOBALS}.partial`]);
    });
  });

  describe('when they are published', () => {
    it('are all visible and whole, nothing hidden is left, and their names stay taken', async () => {
      await writeAll('one');
      await storage.publish(NAMES);
      expect(visible()).to.have.members(NAMES);
      expect(hidden()).to.deep.equal([]);
      for (const name of NAMES) {
        expect(await storage.read(name)).to.equal(`one ${name}`);
        expect(await storage.isTaken(name)).to.equal(true);
        expect(lstatSync(join(root, name)).nlink, 'no second name').to.equal(1);
      }
    });

    for (const [at, taken] of NAMES.entries()) {
      it(`overwrite nothing and leave nothing visible when name ${at + 1} of 3 is taken`, async () => {
        await writeAll('mine');
        writeFileSync(join(root, taken), 'theirs');
        expect(await codeOf(storage.publish(NAMES))).to.equal('FILE_NAME_TAKEN');
        expect(visible()).to.deep.equal([taken]);
        expect(readFileSync(join(root, taken), 'utf8')).to.equal('theirs');
        await storage.discard(NAMES);
        expect(hidden()).to.deep.equal([]);
      });

      it(`publish nothing when hidden file ${at + 1} of 3 was swept by a successor`, async () => {
        await writeAll('mine');
        rmSync(join(root, `.${NAMES[at]}.partial`));
        expect(await codeOf(storage.publish(NAMES))).to.equal('RUN_FENCED');
        expect(visible()).to.deep.equal([]);
      });
    }

    it('make the sidecar visible last: at no moment is it there without the files that it vouches for', async () => {
      for (let round = 0; round < 30; round += 1) {
        await writeAll(`round ${round}`);
        const published = storage.publish(NAMES).then(() => true);
        for (let done = false; !done; ) {
          done = await Promise.race([published, new Promise<false>((later) => setImmediate(later, false))]);
          const seen = new Set(readdirSync(root));
          if (seen.has(SIDECAR)) expect([...seen]).to.include.members([DATA, GLOBALS]);
        }
        for (const name of NAMES) await storage.remove(name);
      }
    });

    it('are the work of one of two that publish the same names at once', async () => {
      const other = new LocalStorage(root, 'main');
      await writeAll('one');
      const outcomes = await Promise.all([codeOf(storage.publish(NAMES)), codeOf(other.publish(NAMES))]);
      expect(outcomes.filter((outcome) => outcome === 'done').length, outcomes.join()).to.equal(1);
      expect(visible()).to.have.members(NAMES);
    });
  });

  it('are removed by name, and it does not matter whether they are there', async () => {
    await writeAll('one');
    await storage.publish(NAMES);
    await storage.remove(DATA);
    await storage.remove(DATA);
    expect(visible()).to.have.members([GLOBALS, SIDECAR]);
  });

  it('do not stop a stream that is ended early from being discarded', async () => {
    const signal = AbortSignal.timeout(20);
    async function* endless() {
      for (;;) yield Buffer.alloc(65_536);
    }
    const writing = pipeline(Readable.from(endless()), await storage.create(DATA), { signal });
    expect(await writing.catch((error: Error) => error.name)).to.equal('AbortError');
    await storage.discard(NAMES);
    expect(readdirSync(root)).to.deep.equal([]);
  });

  describe('when a dead run is swept', () => {
    const mine = ['full_backup_20240101_020000', 'incremental_backup_20231231_235959'].flatMap((stem) =>
      ['pgdump.enc.gz', 'globals.sql.enc', 'manifest.enc', 'pgdump.enc.gz.meta'].map(
        (end) => `.${stem}.${end}.partial`,
      ),
    );
    const strangers = [
      DATA,
      SIDECAR,
      'notes.txt',
      '.partial',
      '.notes.partial',
      '.full_backup_20240101_020000.pgdump.enc.gz',
      'full_backup_20240101_020000.pgdump.enc.gz.partial',
      '.full_backup_20240101.pgdump.enc.gz.partial',
      '.my_full_backup_20240101_020000.pgdump.enc.gz.partial',
      '.full_backup_20240101_020000.pgdump.enc.gz.partial~',
      '.emergency_backup_20240101_020000.pgdump.enc.gz.partial',
      '.full_backup_20240101_020000.PGDUMP.partial',
      '.full_backup_20240101_020000.a b.partial',
    ];

    it('lose every hidden file of Safekeep, which it tells, and no other file', async () => {
      for (const name of [...mine, ...strangers]) writeFileSync(join(root, name), 'x');
      expect(await storage.sweepPartials()).to.have.members(mine);
      expect(readdirSync(root)).to.have.members(strangers);
      expect(await storage.sweepPartials()).to.deep.equal([]);
    });

    it('lose a probe that a killed process left, and keep one of this moment', async () => {
      const [old, young] = ['.safekeep-probe-0123456789ab', '.safekeep-probe-ba9876543210'];
      for (const name of [old, young]) writeFileSync(join(root, name), 'x');
      utimesSync(join(root, old), new Date(), new Date(Date.now() - 11_000));
      expect(await storage.sweepPartials()).to.deep.equal([old]);
      expect(readdirSync(root)).to.deep.equal([young]);
    });

    it('keep a folder and a link that have such a name, and what the link leads to', async () => {
      const outside = join(await scratchFolder('safekeep-outside'), 'precious');
      writeFileSync(outside, 'precious');
      const [folder, link, dangling] = [mine[0], mine[1], mine[2]] as [string, string, string];
      mkdirSync(join(root, folder));
      writeFileSync(join(root, folder, 'inside'), 'x');
      symlinkSync(outside, join(root, link));
      symlinkSync('/nowhere/at/all', join(root, dangling));
      writeFileSync(join(root, mine[3] as string), 'x');
      expect(await storage.sweepPartials()).to.deep.equal([mine[3]]);
      expect(readdirSync(root)).to.have.members([folder, link, dangling]);
      expect(readFileSync(outside, 'utf8')).to.equal('precious');
    });
  });

  describe('where somebody put a link', () => {
    let outside: string;

    beforeEach(async () => {
      outside = join(await scratchFolder('safekeep-outside'), 'precious');
      writeFileSync(outside, 'precious');
    });
    afterEach(() => {
      expect(readFileSync(outside, 'utf8')).to.equal('precious');
    });

    it('in place of a hidden file, nothing is written through it', async () => {
      symlinkSync(outside, join(root, `.${DATA}.partial`));
      expect(await storage.isTaken(DATA)).to.equal(true);
      expect(await codeOf(storage.create(DATA))).to.equal('FILE_NAME_TAKEN');
    });

    it('that leads nowhere, its name is taken, and nothing is made where it leads', async () => {
      const nowhere = join(await scratchFolder('safekeep-outside'), 'new');
      symlinkSync(nowhere, join(root, DATA));
      symlinkSync(nowhere, join(root, `.${GLOBALS}.partial`));
      expect(await storage.isTaken(DATA)).to.equal(true);
      expect(await storage.isTaken(GLOBALS)).to.equal(true);
      expect(await codeOf(storage.create(GLOBALS))).to.equal('FILE_NAME_TAKEN');
      expect(existsSync(nowhere)).to.equal(false);
    });

    it('in place of a final name, it is neither overwritten nor followed', async () => {
      await writeAll('mine');
      symlinkSync(outside, join(root, DATA));
      expect(await codeOf(storage.publish(NAMES))).to.equal('FILE_NAME_TAKEN');
      expect(visible()).to.deep.equal([DATA]);
    });

    it('in place of a final name, remove takes the link and not what it leads to', async () => {
      symlinkSync(outside, join(root, DATA));
      await storage.remove(DATA);
      expect(visible()).to.deep.equal([]);
    });
  });

  describe('of a further source', () => {
    it('live in a folder of its name, which is made when it is missing', async () => {
      const lab = new LocalStorage(root, 'lab');
      await lab.check();
      await lab.check();
      expect(statSync(join(root, 'lab')).mode & 0o777).to.equal(0o750);
      await write(DATA, 'lab', lab);
      await lab.publish([DATA]);
      expect(readFileSync(join(root, 'lab', DATA), 'utf8')).to.equal('lab');
      expect(await storage.isTaken(DATA)).to.equal(false);
      expect(await storage.sweepPartials()).to.deep.equal([]);
    });

    it('are refused where a link stands for the folder: it could lead out of the volume', async () => {
      const outside = await scratchFolder('safekeep-outside');
      symlinkSync(outside, join(root, 'lab'));
      symlinkSync('/nowhere/at/all', join(root, 'x-ray'));
      for (const source of ['lab', 'x-ray'])
        expect(await codeOf(new LocalStorage(root, source).check())).to.equal('BACKUP_DIR_UNUSABLE');
      expect(readdirSync(outside)).to.deep.equal([]);
    });

    it('are refused where a file stands for the folder', async () => {
      writeFileSync(join(root, 'lab'), '');
      expect(await codeOf(new LocalStorage(root, 'lab').check())).to.equal('BACKUP_DIR_UNUSABLE');
    });
  });

  it('leave no trace of a check', async () => {
    chmodSync(root, 0o700);
    await storage.check();
    expect(readdirSync(root)).to.deep.equal([]);
    expect(await storage.freeBytes()).to.be.greaterThan(0);
  });
});
