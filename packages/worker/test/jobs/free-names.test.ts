import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesAt, filesOf } from '@safekeep/shared/storage/backup-names';
import { LocalStorage } from '@safekeep/shared/storage/local';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { freeNames } from '../../src/jobs/free-names.js';

const START = new Date('2024-01-01T02:00:00.999Z');
const stem = (names: { data: string }) => names.data.replace('.pgdump.enc.gz', '');

describe('the names of a backup’s files', () => {
  it('are made of its type and the second of its start in UTC', () => {
    expect(filesAt('full', START)).to.deep.equal({
      data: 'full_backup_20240101_020000.pgdump.enc.gz',
      globals: 'full_backup_20240101_020000.globals.sql.enc',
      manifest: 'full_backup_20240101_020000.manifest.enc',
      sidecar: 'full_backup_20240101_020000.pgdump.enc.gz.meta',
    });
    const local = new Date('2023-12-31T23:59:59-05:00');
    expect(stem(filesAt('incremental', local))).to.equal('incremental_backup_20240101_045959');
  });

  it('can all be told from the data file’s', () => {
    const names = filesAt('full', START);
    expect(filesOf(names.data)).to.deep.equal(names);
  });

  describe('are the first that nobody has taken', () => {
    let directory: string;
    let storage: LocalStorage;
    const free = async () => stem(await freeNames(storage, 'full', START));
    const take = (name: string) => writeFileSync(join(directory, name), '');

    beforeEach(async () => {
      directory = await scratchFolder('safekeep-names');
      storage = new LocalStorage(directory, 'main');
    });

    for (const name of [
      'full_backup_20240101_020000.pgdump.enc.gz',
      'full_backup_20240101_020000.globals.sql.enc',
      'full_backup_20240101_020000.pgdump.enc.gz.meta',
      '.full_backup_20240101_020000.pgdump.enc.gz.partial',
      '.full_backup_20240101_020000.globals.sql.enc.partial',
      '.full_backup_20240101_020000.pgdump.enc.gz.meta.partial',
    ]) {
      it(`a second later when ${name} is there`, async () => {
        expect(await free()).to.equal('full_backup_20240101_020000');
        take(name);
        expect(await free()).to.equal('full_backup_20240101_020001');
      });
    }

    it('beyond the minute, the day and the year', async () => {
      const newYear = new Date('2023-12-31T23:59:58Z');
      take('full_backup_20231231_235958.pgdump.enc.gz');
      take('full_backup_20231231_235959.pgdump.enc.gz.meta');
      expect(stem(await freeNames(storage, 'full', newYear))).to.equal('full_backup_20240101_000000');
    });

    it('of their own type: an incremental takes no name from a full backup', async () => {
      take('incremental_backup_20240101_020000.pgdump.enc.gz');
      expect(await free()).to.equal('full_backup_20240101_020000');
    });
  });
});
