import type { ManifestTable } from '@safekeep/archive/manifest-schema';
import { expect } from 'chai';
import { emptyDatabase, sql } from '../../../shared/test/servers.js';
import { type Base, detect, takeBase } from './incremental-world.js';

const SOURCE = `CREATE EXTENSION hstore; CREATE TABLE notes (id int PRIMARY KEY, v text); INSERT INTO notes SELECT generate_series(1, 20);
  CREATE TABLE settings (id int PRIMARY KEY, own boolean); INSERT INTO settings VALUES (1, false), (2, true);
  ALTER EXTENSION hstore ADD TABLE settings;
  UPDATE pg_extension SET extconfig = ARRAY['settings'::regclass], extcondition = ARRAY['WHERE own'] WHERE extname = 'hstore';`;

describe('a base that a snapshot cannot be compared with', function () {
  this.timeout(60_000);
  let database: string;
  let base: Base;

  beforeEach(async () => {
    database = await emptyDatabase();
    await sql(database, SOURCE);
    base = await takeBase(database);
  });

  const CASES: readonly (readonly [what: string, sql: string, reason: string])[] = [
    ['lacks a table', 'CREATE TABLE more ()', 'The base does not know the table public.more.'],
    ['has a table that is gone', 'DROP TABLE notes', 'The table public.notes is gone.'],
    [
      'has other settings of an extension',
      'UPDATE settings SET id = 3 WHERE own',
      'The configuration table public.settings of an extension changed.',
    ],
  ];
  for (const [what, change, reason] of CASES) {
    it(what, async () => {
      await sql(database, change);
      const { changes } = await detect(database, base);
      expect(changes).to.deep.equal({ kind: 'incomparable', reason });
    });
  }

  it('is not one where only rows of the extension itself changed', async () => {
    expect(base.tables.find(({ name }) => name === 'settings')?.rows).to.equal(1);
    await sql(database, 'INSERT INTO settings VALUES (4, false)');
    expect(await kinds(base)).to.deep.equal(['unchanged', 'unchanged']);
  });

  /** What a table's line says is believed only as far as it fits. */
  const LINES: readonly (readonly [
    what: string,
    line: (table: ManifestTable) => ManifestTable,
    kind: string,
  ])[] = [
    ['another table', (table) => ({ ...table, oid: table.oid + 1 }), 'another table stands under its name'],
    [
      'another access method',
      (table) => ({ ...table, accessMethod: 'columnar' }),
      'its access method is heap',
    ],
    ['no key', (table) => ({ ...table, key: null }), 'no primary key'],
    [
      'another key',
      (table) => ({
        ...table,
        key: table.key && { ...table.key, columns: [{ name: 'v', equals: 'OPERATOR(pg_catalog.=)' }] },
      }),
      'no primary key',
    ],
    [
      'another equality',
      (table) => ({
        ...table,
        key: table.key && { ...table.key, columns: [{ name: 'id', equals: 'OPERATOR(public.=)' }] },
      }),
      'no primary key',
    ],
    [
      'fewer rows than are old',
      (table) => ({ ...table, key: table.key && { ...table.key, chunks: [] } }),
      'its chunks contradict the base',
    ],
  ];
  for (const [what, line, why] of LINES) {
    it(`stores a changed table whole that the base knows with ${what}`, async () => {
      await sql(database, `UPDATE notes SET v = 'x' WHERE id = 7`);
      const tables = base.tables.map((table) => (table.name === 'notes' ? line(table) : table));
      const { changes } = await detect(database, { ...base, tables });
      const notes =
        changes.kind === 'detected' ? changes.tables.find(({ table }) => table.name === 'notes') : null;
      expect(notes?.change).to.include({ kind: 'whole', why, rows: 20 });
    });
  }

  async function kinds(from: Base): Promise<string[]> {
    const { changes } = await detect(database, from);
    return changes.kind === 'detected' ? changes.tables.map(({ change }) => change.kind) : [changes.reason];
  }
});
