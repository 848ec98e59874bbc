import { Secret } from '@safekeep/shared/config/secret';
import { expect } from 'chai';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import { readWindow } from '../../src/incremental/transaction-window.js';
import { readLargeObjectContents } from '../../src/postgres/large-object-contents.js';
import { largeObjectsChanged, readLargeObjectState } from '../../src/postgres/large-object-state.js';
import { openSnapshot, type Snapshot } from '../../src/postgres/snapshot.js';

const OBJECTS = `SELECT lo_from_bytea(4711, decode(repeat('00', 10000), 'hex')), lo_from_bytea(4712, '\\x01'), lo_create(4713), lo_create(4714);
  COMMENT ON LARGE OBJECT 4712 IS 'before'; COMMENT ON LARGE OBJECT 4713 IS 'before'; CREATE TABLE t (id int);`;

const CHANGES: readonly (readonly [what: string, sql: string, changed: boolean])[] = [
  ['nothing', 'SELECT', false],
  ['rows of tables', `INSERT INTO t VALUES (1); COMMENT ON TABLE t IS 'x'`, false],
  ['a rolled back write', `BEGIN; SELECT lo_put(4711, 0, '\\x02'), lo_unlink(4712); ROLLBACK`, false],
  ['one byte', `SELECT lo_put(4711, 9999, '\\x02')`, true],
  ['one byte more', `SELECT lo_put(4711, 10000, '\\x02')`, true],
  ['a byte of an empty object', `SELECT lo_put(4713, 0, '\\x02')`, true],
  ['a new object', 'SELECT lo_create(0)', true],
  ['an object less', 'SELECT lo_unlink(4713)', true],
  ['another object in its place', 'SELECT lo_unlink(4713), lo_create(4713)', true],
  ['an object less that nobody described', 'SELECT lo_unlink(4714)', true],
  ['a page removed by hand', 'DELETE FROM pg_largeobject WHERE loid = 4711 AND pageno = 4', true],
  ['another empty object', 'SELECT lo_unlink(4713), lo_create(4715)', true],
  ['a page less', 'SELECT lo_truncate(lo_open(4711, 131072), 4096)', true],
  ['a privilege', 'GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC', true],
  ['a comment', `COMMENT ON LARGE OBJECT 4711 IS 'x'`, true],
  ['another comment', `COMMENT ON LARGE OBJECT 4712 IS 'after'`, true],
  ['a comment less', 'COMMENT ON LARGE OBJECT 4712 IS NULL', true],
  ['an object removed with its pages', 'SELECT lo_unlink(4711)', true],
];

describe('large objects', function () {
  this.timeout(60_000);
  let database: string;

  before(async () => {
    await sql('postgres', `CREATE ROLE reader LOGIN PASSWORD 'reads-alone'`);
  });
  beforeEach(async () => {
    database = await emptyDatabase();
    await sql(database, `${OBJECTS} GRANT SELECT ON LARGE OBJECT 4711, 4712, 4713 TO reader`);
    await sql(database, `ALTER DATABASE ${database} SET lo_compat_privileges = on`);
  });
  after(() => sql('postgres', 'DROP ROLE IF EXISTS reader').catch(() => []));

  async function open(role: string): Promise<Snapshot> {
    const url = (await postgresServer()).url(database);
    const as = role === 'reader' ? url.replace(/\/\/[^@]*@/, '//reader:reads-alone@') : url;
    return openSnapshot({ name: 'main', url: new Secret(as) }, 5_000);
  }

  async function isChanged(role: string, change: string): Promise<boolean> {
    const base = await open(role);
    const state = await readLargeObjectState(base.client, await readLargeObjectContents(base.client));
    await base.close();
    await sql(database, change);
    const now = await open(role);
    const window = await readWindow(now.client, base.facts.xmin);
    const changed = await largeObjectsChanged(now.client, state, window);
    await now.close();
    expect(state.pages === null).to.equal(role === 'reader');
    return changed;
  }

  for (const [what, change, changed] of CHANGES) {
    it(`are ${changed ? '' : 'not '}others after ${what}, with and without the right to read their pages`, async () => {
      expect(await isChanged('superuser', change)).to.equal(changed);
      database = await emptyDatabase();
      await sql(database, `${OBJECTS} ALTER DATABASE ${database} SET lo_compat_privileges = on`);
      expect(await isChanged('reader', change)).to.equal(changed);
    });
  }
});
