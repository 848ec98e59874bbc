import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { SafekeepError } from '../../src/errors.js';
import { namesOf } from '../../src/storage/backup-names.js';
import { LocalStorage } from '../../src/storage/local.js';

const DATA = 'full_backup_20240101_020000.pgdump.enc.gz';

describe('what stands in a local directory', () => {
  let root: string;
  let storage: LocalStorage;
  beforeEach(async () => {
    root = await scratchFolder('safekeep-list');
    storage = new LocalStorage(root, 'main');
  });

  it('is listed with kind and size, hidden names too; links are not followed', async () => {
    writeFileSync(join(root, DATA), 'four');
    writeFileSync(join(root, '.hidden'), '');
    mkdirSync(join(root, 'lab'));
    symlinkSync('/etc/passwd', join(root, 'link'));
    symlinkSync('/nowhere/at/all', join(root, 'dangling'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    const entries = await storage.list();
    const kinds = Object.fromEntries(entries.map(({ name, kind }) => [name, kind]));
    expect(kinds).to.deep.equal({
      [DATA]: 'file',
      '.hidden': 'file',
      lab: 'directory',
      link: 'link',
      dangling: 'link',
      pipe: 'special',
    });
    expect(entries.find(({ name }) => name === DATA)?.sizeBytes).to.equal(4);
    expect(await storage.totalBytes()).to.be.at.least(await storage.freeBytes());
  });

  it('is refused when the directory is not there: nothing is missing from it', async () => {
    const error = await new LocalStorage(join(root, 'absent'), 'main')
      .list()
      .catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(SafekeepError).and.include({ code: 'BACKUP_DIR_UNUSABLE' });
  });

  it('is removed in the order that was asked for; names that are not there are no error', async () => {
    const names = namesOf(DATA);
    for (const name of names.slice(0, 3)) writeFileSync(join(root, name), 'x');
    writeFileSync(join(root, 'stranger'), 'x');
    await storage.removeInOrder(names);
    await storage.removeInOrder(names);
    expect(readdirSync(root)).to.deep.equal(['stranger']);
  });

  it('is not touched where a link or a directory took a name, nor is what comes after it', async () => {
    const [sidecar, data, globals] = namesOf(DATA) as [string, string, string];
    const outside = join(await scratchFolder('safekeep-outside'), 'precious');
    writeFileSync(outside, 'precious');
    for (const make of [() => symlinkSync(outside, join(root, data)), () => mkdirSync(join(root, data))]) {
      execFileSync('rm', ['-rf', join(root, data)]);
      writeFileSync(join(root, sidecar), 'x');
      writeFileSync(join(root, globals), 'x');
      make();
      const error = await storage.removeInOrder([sidecar, data, globals]).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(SafekeepError).and.include({ code: 'FILE_STRANGE' });
      expect(existsSync(join(root, sidecar)), 'the sidecar').to.equal(false);
      expect(readdirSync(root)).to.have.members([data, globals]);
    }
    expect(readFileSync(outside, 'utf8')).to.equal('precious');
  });
});
