import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { SafekeepError } from '../../src/errors.js';
import { LocalStorage } from '../../src/storage/local.js';
import { onTmpfs } from './tmpfs.js';

const DATA = 'full_backup_20240101_020000.pgdump.enc.gz';
const NOBODY = 65_534;
const CHECKING_PROCESS = fileURLToPath(new URL('checking-process.ts', import.meta.url));

async function refusal(work: Promise<unknown>): Promise<SafekeepError> {
  const outcome = await work.catch((error: unknown) => error);
  expect(outcome, String(outcome)).to.be.instanceOf(SafekeepError);
  return outcome as SafekeepError;
}

/** What the checks of these directories say to somebody whom permission bits bind, which root is not. */
function checkAsNobody(directories: readonly string[]): string[] {
  const args = ['--import', 'tsx/esm', '--conditions=source', CHECKING_PROCESS, ...directories];
  const user = process.geteuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', ...user })) as string[];
}

describe('a backup directory is refused before anything is written', () => {
  it('when it is missing: a volume that is not mounted must not be taken for an empty one', async () => {
    const missing = join(await scratchFolder('safekeep-storage'), 'missing');
    for (const source of ['main', 'lab']) {
      const error = await refusal(new LocalStorage(missing, source).check());
      expect(error).to.include({ code: 'BACKUP_DIR_UNUSABLE', exitCode: 3, retryable: false });
      expect(error.message).to.contain(missing).and.contain('does not exist (is the volume mounted?)');
    }
    expect(existsSync(missing), 'it was not made').to.equal(false);
  });

  it('when it is a file, or lies below one', async () => {
    const file = join(await scratchFolder('safekeep-storage'), 'file');
    writeFileSync(file, 'x');
    for (const root of [file, join(file, 'below')]) {
      const error = await refusal(new LocalStorage(root, 'main').check());
      expect(error.message).to.contain('it is not a directory');
    }
    expect(readFileSync(file, 'utf8')).to.equal('x');
  });

  it("when the worker's user may not read, write or enter it", async () => {
    const root = await scratchFolder('safekeep-storage');
    const directories = [0o500, 0o300, 0o600, 0o700].map((mode) => {
      const directory = join(root, mode.toString(8));
      mkdirSync(directory);
      if (process.geteuid?.() === 0) chownSync(directory, NOBODY, NOBODY);
      chmodSync(directory, mode);
      return directory;
    });
    const refused = directories.map(
      (directory) => `BACKUP_DIR_UNUSABLE ${directory}: the worker’s user may not write there`,
    );
    expect(checkAsNobody(directories)).to.deep.equal([...refused.slice(0, 3), 'usable']);
    for (const directory of directories) {
      chmodSync(directory, 0o700);
      expect(readdirSync(directory), directory).to.deep.equal([]);
    }
  });

  it('when nothing that was written there could be removed again', async function () {
    const directory = await scratchFolder('safekeep-storage');
    try {
      execFileSync('chattr', ['+a', directory], { stdio: 'ignore' });
    } catch {
      process.stderr.write('SKIPPED, chattr +a does not work on this file system\n');
      this.skip();
    }
    try {
      expect((await refusal(new LocalStorage(directory, 'main').check())).code).to.equal(
        'BACKUP_DIR_UNUSABLE',
      );
    } finally {
      execFileSync('chattr', ['-a', directory]);
    }
  });

  it('when it is mounted read-only, which permission bits do not show', async function () {
    await onTmpfs(this, 'size=2m', async (folder, remount) => {
      await new LocalStorage(folder, 'main').check();
      remount('ro');
      for (const source of ['main', 'lab']) {
        const error = await refusal(new LocalStorage(folder, source).check());
        expect(error.message).to.contain('it is mounted read-only');
      }
    });
  });
});

describe('a full disk', () => {
  it('is told as such while a file is written; what was written before stays whole', async function () {
    await onTmpfs(this, 'size=2m', async (folder) => {
      const storage = new LocalStorage(folder, 'main');
      await storage.check();
      const before = 'full_backup_20231231_020000.pgdump.enc.gz';
      await pipeline(Readable.from([Buffer.alloc(200_000, 1)]), await storage.create(before));
      await storage.publish([before]);
      expect(await storage.freeBytes()).to.be.within(1, 2_000_000);

      const content = Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(65_536, 2)));
      const writing = pipeline(content, await storage.create(DATA));
      const failure = await writing.catch((error: unknown) => storage.explain(error));
      expect(failure).to.be.instanceOf(SafekeepError).and.include({ code: 'DISK_FULL', httpStatus: 507 });

      await storage.discard([DATA]);
      expect(readdirSync(folder)).to.deep.equal([before]);
      expect(readFileSync(join(folder, before)).equals(Buffer.alloc(200_000, 1))).to.equal(true);
      expect(await storage.freeBytes()).to.be.greaterThan(1_000_000);
    });
  });

  it('is told as such when not even a file can be begun, or the directory checked', async function () {
    await onTmpfs(this, 'size=2m,nr_inodes=2', async (folder) => {
      writeFileSync(join(folder, 'last'), '');
      for (const source of ['main', 'lab'])
        expect((await refusal(new LocalStorage(folder, source).check())).code, source).to.equal('DISK_FULL');
      expect((await refusal(new LocalStorage(folder, 'main').create(DATA))).code).to.equal('DISK_FULL');
      expect(readdirSync(folder)).to.deep.equal(['last']);
    });
  });

  it('leaves an error that is not of the storage as it is', () => {
    const error = new Error('something else');
    expect(new LocalStorage('/', 'main').explain(error)).to.equal(error);
  });
});
