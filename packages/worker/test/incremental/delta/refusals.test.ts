import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { emptyDatabase, sql } from '../../../../shared/test/servers.js';
import { withClient } from './hand-made-plan.js';
import { type Archive, apply, archiveOf, copyOf, type Pair, pairOf, sorted } from './pair.js';

const CLINIC = `
  CREATE TABLE patients (id bigint PRIMARY KEY, name text);
  INSERT INTO patients SELECT g, 'name ' || g FROM generate_series(1, 900) g;
  CREATE TABLE rooms (id int PRIMARY KEY); INSERT INTO rooms VALUES (1), (2); CREATE TABLE "odd ""t" (v text);
  CREATE SEQUENCE numbers; SELECT setval('numbers', 5);
  CREATE MATERIALIZED VIEW counts AS SELECT count(*) FROM patients;`;

const CHANGES = `UPDATE patients SET name = 'new' WHERE id < 20; DELETE FROM patients WHERE id = 500; SELECT setval('numbers', 77);
  INSERT INTO "odd ""t" VALUES ('x'); REFRESH MATERIALIZED VIEW counts;`;

/** How it is run by whom has no Safekeep at hand. */
const WAYS = [
  { title: 'pg_restore', way: {} },
  { title: 'pg_restore -j 2', way: { options: ['-j', '2'] } },
  { title: 'pg_restore --single-transaction', way: { options: ['--single-transaction'] } },
  { title: 'psql', way: { psql: true } },
] as const;

/** What is wrong with the target, and the words that say so. */
const TARGETS: readonly (readonly [what: string, change: string, sentence: RegExp])[] = [
  [
    'one value of a changed table differs',
    `UPDATE patients SET name = name || '!' WHERE id = 800`,
    /SK001: this database is not, or no longer, what full_backup_\S+ holds: public.patients has other values than in the base/,
  ],
  [
    'an unchanged table has a row more',
    'INSERT INTO rooms VALUES (3)',
    /SK001: .*: public.rooms has 3 rows, in the base it had 2/,
  ],
  [
    'a changed table has a row less',
    'DELETE FROM patients WHERE id = 5',
    /SK001: .*: public.patients has 899 rows/,
  ],
  [
    'a changed table is not there',
    'DROP MATERIALIZED VIEW counts; DROP TABLE patients',
    /SK001: .*: it has no table public.patients/,
  ],
  ['an unchanged table is not there', 'DROP TABLE rooms', /SK001: .*: it has no table public.rooms/],
  [
    'a table is a view',
    'DROP TABLE rooms; CREATE VIEW rooms AS SELECT 1 AS id UNION SELECT 2',
    /SK001: .* no table public.rooms/,
  ],
  [
    'a column is not there',
    `ALTER TABLE "odd ""t" RENAME v TO w`,
    /SK001: .*: public."odd ""t" is another table/,
  ],
  ['a sequence is not there', 'DROP SEQUENCE numbers', /SK001: .*: it has no sequence public.numbers/],
  [
    'rows cannot be put back',
    'ALTER TABLE patients ADD CHECK (length(name) > 3) NOT VALID',
    /violates check constraint/,
  ],
];

describe('a delta archive that does not fit', function () {
  this.timeout(60_000);
  let pair: Pair;
  /** What pg_dump knows of the source and of its base, which no test changes. */
  let source: string;
  let base: string;
  let archive: Archive;

  before(async () => {
    pair = await pairOf(CLINIC);
    await sql(pair.source, CHANGES);
    [source, base] = [await sorted(pair.source), await sorted(pair.base.database)];
    archive = await archiveOf(pair);
  });

  async function refused(database: string, way: object, sentence: RegExp, known?: string): Promise<void> {
    const before = known ?? (await sorted(database));
    const { stderr } = await apply(archive, database, way);
    expect(stderr, stderr).to.match(sentence);
    expect(await sorted(database)).to.equal(before);
  }

  for (const [what, change, sentence] of TARGETS) {
    it(`changes nothing where ${what}`, async () => {
      const target = await copyOf(pair.base.database);
      await sql(target, change);
      await refused(target, {}, sentence);
    });
  }

  for (const { title, way } of WAYS) {
    it(`is applied by ${title}, and then refused the second time`, async () => {
      const target = await copyOf(pair.base.database);
      const first = await apply(archive, target, way);
      expect(first.stderr).to.equal('');
      expect(first.code).to.equal(0);
      expect(await sorted(target)).to.equal(source);
      await refused(
        target,
        way,
        /SK001: .*: public."odd ""t" has 1 rows, in the base it had 0|SK001: .* public.patients has/,
        source,
      );
    });
  }

  it('by psql an empty database is refused without one line of its rows taken for a command', async () => {
    const target = await emptyDatabase();
    const { stderr } = await apply(archive, target, { psql: true });
    expect(stderr).to.match(/SK001: .*: it has no table public/);
    expect(stderr).to.not.match(/syntax error/);
    expect(await sql(target, `SELECT FROM pg_namespace WHERE nspname = 'safekeep_delta'`)).to.deep.equal([]);
  });

  it('what an application that was killed left behind is dropped by the next', async () => {
    const target = await copyOf(pair.base.database);
    await sql(target, 'CREATE SCHEMA safekeep_delta; CREATE TABLE safekeep_delta.r0 (v text)');
    expect(await apply(archive, target)).to.deep.equal({ code: 0, stderr: '' });
    expect(await sorted(target)).to.equal(source);
  });

  it('a row that somebody writes meanwhile is waited for, and seen', async () => {
    const target = await copyOf(pair.base.database);
    const { stderr } = await withClient(target, async (client) => {
      await client.query(`BEGIN; INSERT INTO public.patients VALUES (4711, 'meanwhile')`);
      const applying = apply(archive, target);
      while ((await sql(target, 'SELECT FROM pg_locks WHERE NOT granted')).length === 0) await delay(20);
      await client.query('COMMIT');
      return applying;
    });
    expect(stderr).to.match(/SK001: .*: public.patients has 901 rows, in the base it had 900/);
  });

  it('a database of another encoding is refused', async () => {
    const target = `latin_${pair.source}`;
    await sql('postgres', `CREATE DATABASE ${target} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`);
    await sql(target, CLINIC);
    await refused(target, {}, /SK002: the encoding of this database is LATIN1 and that of the source UTF8/);
  });

  it('rows that did not arrive, or arrived otherwise, are noticed', async () => {
    const lost = await archiveOf(pair, {
      change: (plan) => ({
        ...plan,
        changed: plan.changed.map((table) => ({ ...table, newRows: { ...table.newRows, sum: '4711' } })),
      }),
    });
    const target = await copyOf(pair.base.database);
    const { stderr } = await apply(lost, target);
    expect(stderr, stderr).to.match(/SK003: the new rows of public..+ did not arrive/);
    expect(await sorted(target)).to.equal(base);
  });

  it('a result that is not the source is noticed', async () => {
    const wrong = await archiveOf(pair, {
      change: (plan) => ({
        ...plan,
        changed: plan.changed.map((table) => ({ ...table, rowsAfter: table.rowsAfter + 1 })),
      }),
    });
    const target = await copyOf(pair.base.database);
    const { stderr } = await apply(wrong, target);
    expect(stderr, stderr).to.match(/SK003: public..+ would have \d+ rows instead of/);
    expect(await sorted(target)).to.equal(base);
  });
});
