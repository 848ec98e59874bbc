import { expect } from 'chai';
import { inTransaction } from '../../src/history/database.js';
import {
  insertSample,
  isInventoryDue,
  readStorageState,
  writeFindings,
} from '../../src/history/storage-findings.js';
import type { StorageFinding } from '../../src/policy/inventory.js';
import { openHistory, type TestHistory } from '../servers.js';

describe('storage findings', () => {
  let history: TestHistory;
  before(async () => {
    history = await openHistory();
  });
  after(() => history?.close());

  const write = (findings: readonly StorageFinding[], source = 'main') =>
    inTransaction(history.pool, (db) => writeFindings(db, source, findings));
  const note = { kind: 'unknown-file', name: 'notes.txt', sizeBytes: 5 } as const;

  it('open once, are seen again, and resolve by themselves; each source by itself', async () => {
    await write([note]);
    await write([note], 'lab');
    const [first] = (await readStorageState(history.pool)).findings.filter(({ source }) => source === 'main');
    expect(first).to.include({ ...note, message: 'not a file of Safekeep’s; it is left alone' });
    await write([{ ...note, sizeBytes: 7 }]);
    const [second] = (await readStorageState(history.pool)).findings.filter(
      ({ source }) => source === 'main',
    );
    expect(second?.sizeBytes).to.equal(7);
    expect(second?.firstSeenAt).to.deep.equal(first?.firstSeenAt);
    expect(second?.lastSeenAt.getTime()).to.be.greaterThan(first?.lastSeenAt.getTime() ?? 0);
    await write([]);
    const { findings } = await readStorageState(history.pool);
    expect(findings.map(({ source }) => source)).to.deep.equal(['lab']);
    await write([note]);
    const { rows } = await history.pool.query(`SELECT FROM storage_findings WHERE source = 'main'`);
    expect(rows.length, 'one that came again is another finding').to.equal(2);
  });

  it('take any name that a file can have', async () => {
    const names = ['a\nb', '"; DROP TABLE backups; --', '{}', 'ä\u{1f600}', '\\N'];
    await write(
      names.map((name) => ({ kind: 'unknown-file', name, sizeBytes: null })),
      'odd',
    );
    const { findings } = await readStorageState(history.pool);
    expect(findings.filter(({ source }) => source === 'odd').map(({ name }) => name)).to.have.members(names);
  });

  it('a sample says when somebody last looked', async () => {
    expect((await readStorageState(history.pool)).checkedAt).to.equal(null);
    expect(await isInventoryDue(history.pool, 'main', 60)).to.equal(true);
    await insertSample(history.pool, { source: 'main', free: 1, total: 2, backups: 1 });
    expect(await isInventoryDue(history.pool, 'main', 60)).to.equal(false);
    expect(await isInventoryDue(history.pool, 'lab', 60)).to.equal(true);
    expect((await readStorageState(history.pool)).checkedAt).to.be.instanceOf(Date);
  });
});
