import { cpSync, rmSync } from 'node:fs';
import { LocalStorage } from '@safekeep/shared/storage/local';
import { expect } from 'chai';
import { emptyDatabase, openHistory, sql, type TestHistory } from '../../../shared/test/servers.js';
import { type AdoptionSummary, adoptAll } from '../../src/catalog/adopt-found.js';
import { incrementOn } from '../jobs/hand-made-chain.js';
import { type OtherBackups, REPLACEMENTS, whileReplaced } from '../jobs/replaced-files.js';
import { storedBackupOf, type TakenBackup } from '../jobs/stored-backup-of.js';

describe('a rebuild of history', function () {
  this.timeout(60_000);
  let taken: TakenBackup;
  let others: OtherBackups;
  let history: TestHistory;

  before(async () => {
    history = await openHistory();
    taken = await storedBackupOf(await emptyDatabase());
    const another = await emptyDatabase();
    await sql(another, 'CREATE TABLE more AS SELECT g FROM generate_series(1, 100) g');
    const { encryptionKey } = taken.stored;
    others = {
      sameKey: await storedBackupOf(another, encryptionKey),
      otherKey: await storedBackupOf(another),
    };
  });

  after(() => history.close());
  beforeEach(() => history.pool.query('TRUNCATE backups CASCADE'));

  /** What a history that knows nothing comes to know. */
  async function rebuild(): Promise<AdoptionSummary & { statuses: string[] }> {
    const storage = new LocalStorage(taken.directory, 'main');
    const actor = { id: null, name: 'cli:somebody', address: null };
    const { encryptionKey } = taken.stored;
    const found = await adoptAll({ pool: history.pool, storage, source: 'main', encryptionKey, actor });
    const { rows } = await history.pool.query<{ status: string }>('SELECT status FROM backups');
    return { ...found, statuses: rows.map(({ status }) => status) };
  }

  const nothing = {
    adopted: [],
    missing: [],
    withoutBase: [],
    strange: [],
    rejected: [],
    known: 0,
    gaps: [],
    source: 'main',
  };

  it('takes in a backup whose files are as they were', async () => {
    const adopted = [taken.sidecar.fileName];
    expect(await rebuild()).to.deep.equal({ ...nothing, adopted, statuses: ['completed'] });
  });

  for (const replacement of REPLACEMENTS) {
    const { what, stop } = replacement;
    it(`tells of ${what}`, async () => {
      const found = await whileReplaced(taken, others, replacement, rebuild);
      const { fileName } = taken.sidecar;
      if (what === 'no sidecar') expect(found).to.deep.equal({ ...nothing, statuses: [] });
      else if (what === 'no file') {
        expect(found).to.deep.equal({ ...nothing, missing: [fileName], statuses: ['missing'] });
      } else if (stop === 'file' || stop === 'size') {
        expect(found).to.deep.equal({ ...nothing, strange: [fileName], statuses: ['missing'] });
      } else {
        expect(found.rejected.map(({ name }) => name)).to.deep.equal([`${fileName}.meta`]);
        expect(found).to.deep.include({ adopted: [], missing: [], strange: [], statuses: [] });
      }
    });
  }

  describe('with an incremental', () => {
    let tip: TakenBackup;
    before(async () => {
      taken = await storedBackupOf(await emptyDatabase());
      tip = await incrementOn(taken);
    });

    const statusesOf = async () => {
      const { rows } = await history.pool.query<{ name: string; status: string }>(
        'SELECT file_name AS name, status FROM backups ORDER BY file_name',
      );
      return rows.map(({ name, status }) => `${name}: ${status}`);
    };

    it('takes it in after its base, though its name may come first', async () => {
      expect(await rebuild()).to.deep.include({ withoutBase: [], missing: [], rejected: [] });
      const { rows } = await history.pool.query('SELECT base_id AS base FROM backups WHERE id = $1', [
        tip.sidecar.id,
      ]);
      expect(rows).to.deep.equal([{ base: taken.sidecar.id }]);
    });

    it('without its base lists both, says that it restores nothing, and mends that when the base is back', async () => {
      const pristine = `${taken.directory}.whole`;
      cpSync(taken.directory, pristine, { recursive: true });
      for (const name of [taken.file, `${taken.file}.meta`]) rmSync(name);
      expect(await rebuild()).to.deep.include({
        adopted: [tip.sidecar.fileName],
        withoutBase: [tip.sidecar.fileName],
        rejected: [],
      });
      expect(await statusesOf()).to.deep.equal([
        `${taken.sidecar.fileName}: missing`,
        `${tip.sidecar.fileName}: completed`,
      ]);
      cpSync(pristine, taken.directory, { recursive: true });
      expect(await rebuild()).to.deep.include({
        adopted: [taken.sidecar.fileName],
        known: 1,
        withoutBase: [],
      });
      expect(await statusesOf()).to.deep.equal([
        `${taken.sidecar.fileName}: completed`,
        `${tip.sidecar.fileName}: completed`,
      ]);
    });
  });
});
