import { expect } from 'chai';
import type pg from 'pg';
import { sql } from '../../../shared/test/servers.js';
import type { DetectedTable } from '../../src/incremental/detect-changes.js';
import { readKeys } from '../../src/incremental/read-keys.js';
import { listTables } from '../../src/postgres/scannable-tables.js';
import {
  applyTo,
  connect,
  detect,
  type Increment,
  readContents,
  sourceAndCopy,
  takeBase,
} from './incremental-world.js';
import { changeTable, KEY_TYPES, makeTable, TYPE_DEFINITIONS } from './key-types.js';

/** A table of 9,000 rows, which makes three chunks of it. */
const three = (name: string) => `CREATE TABLE ${name} (id int PRIMARY KEY, v text);
  INSERT INTO ${name} SELECT g, 'v' || g FROM generate_series(1, 9000) g; ANALYZE ${name};`;
/** The same with another key and another kind of rows. */
const few = (name: string) => `CREATE TABLE ${name} (id int PRIMARY KEY, v text, w int);
  INSERT INTO ${name} SELECT g, 'v' || g, g FROM generate_series(1, 20) g;`;
const keyless = (name: string) =>
  `CREATE TABLE ${name} (id int, v text); INSERT INTO ${name} SELECT g, 'v' FROM generate_series(1, 20) g;`;

interface Expected {
  readonly kind: 'unchanged' | 'rows' | 'whole';
  readonly new?: number;
  /** Chunks whose rest is listed. */
  readonly kept?: readonly number[];
  readonly keptRows?: number;
  readonly why?: string;
}

const UNCHANGED: Expected = { kind: 'unchanged' };
const rows = (young: number, kept: readonly number[] = [], keptRows = 0): Expected => ({
  kind: 'rows',
  new: young,
  kept,
  keptRows,
});
const whole = (why: string): Expected => ({ kind: 'whole', why });

/** Name of the table, how it is made, what is done to it, what is found. `T` stands for its name. */
const CASES: readonly (readonly [name: string, make: (name: string) => string, change: string, Expected])[] =
  [
    ['untouched', three, '', UNCHANGED],
    ['inserts', three, 'INSERT INTO T SELECT g FROM generate_series(9001, 9100) g', rows(100)],
    ['inserts_anywhere', few, 'INSERT INTO T VALUES (0), (-7), (100)', rows(3)],
    ['updates', three, `UPDATE T SET v = 'new' WHERE id % 100 = 0`, rows(90)],
    [
      'updates_and_inserts',
      three,
      `UPDATE T SET v = 'new' WHERE id = 1; INSERT INTO T VALUES (9001)`,
      rows(2),
    ],
    [
      'update_and_insert_in_a_chunk',
      three,
      `UPDATE T SET v = '' WHERE id = 1; INSERT INTO T VALUES (0)`,
      rows(2, [0], 2998),
    ],
    ['deletes', three, 'DELETE FROM T WHERE id IN (5, 6)', rows(0, [0], 2997)],
    ['delete_of_a_chunk', three, 'DELETE FROM T WHERE id < 3000', rows(0, [0], 0)],
    ['delete_of_all', three, 'DELETE FROM T', rows(0, [0, 1, 2], 0)],
    [
      'delete_and_insert_of_another',
      three,
      'DELETE FROM T WHERE id = 10; INSERT INTO T VALUES (0)',
      rows(1, [0], 2998),
    ],
    [
      'delete_and_insert_elsewhere',
      three,
      'DELETE FROM T WHERE id = 10; INSERT INTO T VALUES (9001)',
      rows(1, [0], 2998),
    ],
    [
      'delete_and_insert_of_the_same',
      three,
      `DELETE FROM T WHERE id = 10; INSERT INTO T VALUES (10, 'other')`,
      rows(1),
    ],
    [
      'deletes_and_an_update',
      three,
      `DELETE FROM T WHERE id = 3500; UPDATE T SET v = '' WHERE id = 3600`,
      rows(1, [1], 2998),
    ],
    ['key_change', three, 'UPDATE T SET id = -10 WHERE id = 10', rows(1, [0], 2998)],
    ['key_change_to_another_chunk', three, 'UPDATE T SET id = 9010 WHERE id = 10', rows(1, [0], 2998)],
    [
      'keys_exchanged',
      three,
      'UPDATE T SET id = -1 WHERE id = 7; UPDATE T SET id = 7 WHERE id = 8; UPDATE T SET id = 8 WHERE id = -1',
      rows(2),
    ],
    ['update_back', few, `UPDATE T SET v = 'x' WHERE id = 7; UPDATE T SET v = 'v7' WHERE id = 7`, rows(1)],
    ['update_to_itself', few, 'UPDATE T SET v = v WHERE id = 7', rows(1)],
    ['update_to_null', few, 'UPDATE T SET v = NULL WHERE id = 7', rows(1)],
    [
      'savepoint',
      few,
      `BEGIN; SAVEPOINT a; UPDATE T SET v = 'x'; DELETE FROM T WHERE id = 1; ROLLBACK TO a; COMMIT`,
      UNCHANGED,
    ],
    [
      'savepoint_kept',
      few,
      `BEGIN; SAVEPOINT a; UPDATE T SET v = 'x' WHERE id = 1; RELEASE a; COMMIT`,
      rows(1),
    ],
    ['rolled_back', few, `BEGIN; UPDATE T SET v = 'x'; INSERT INTO T VALUES (100); ROLLBACK`, UNCHANGED],
    ['locked_rows', few, 'SELECT FROM T FOR UPDATE', UNCHANGED],
    ['most_rows', few, `UPDATE T SET v = 'x' WHERE id > 9`, whole('11 of 20 rows are new')],
    ['half_of_the_rows', few, `UPDATE T SET v = 'x' WHERE id > 10`, rows(10)],
    ['truncated', three, 'TRUNCATE T', rows(0, [0, 1, 2], 0)],
    [
      'loaded_anew',
      few,
      `CREATE TEMP TABLE c AS TABLE T; TRUNCATE T; INSERT INTO T TABLE c; DROP TABLE c`,
      whole('20 of 20 rows are new'),
    ],
    [
      'rewritten',
      few,
      'ALTER TABLE T ALTER w TYPE bigint; ALTER TABLE T ALTER w TYPE int',
      whole('20 of 20 rows are new'),
    ],
    ['frozen', few, 'VACUUM FREEZE T', UNCHANGED],
    ['frozen_after_an_update', few, `UPDATE T SET v = 'x' WHERE id = 7; VACUUM FREEZE T`, rows(1)],
    ['vacuumed_full', few, 'VACUUM FULL T', UNCHANGED],
    [
      'vacuumed_full_after_changes',
      few,
      `UPDATE T SET v = 'x' WHERE id = 7; DELETE FROM T WHERE id = 8; VACUUM FULL T`,
      rows(1, [0], 18),
    ],
    ['clustered', few, 'CLUSTER T USING T_pkey', UNCHANGED],
    ['clustered_after_an_update', few, `UPDATE T SET v = 'x' WHERE id = 7; CLUSTER T USING T_pkey`, rows(1)],
    ['empty', (name) => `CREATE TABLE ${name} (id int PRIMARY KEY)`, '', UNCHANGED],
    [
      'empty_filled',
      (name) => `CREATE TABLE ${name} (id int PRIMARY KEY)`,
      'INSERT INTO T VALUES (1)',
      whole('1 of 1 rows are new'),
    ],
    ['keyless', keyless, '', UNCHANGED],
    ['keyless_insert', keyless, 'INSERT INTO T VALUES (21)', whole('no primary key')],
    ['keyless_delete', keyless, 'DELETE FROM T WHERE id = 7', whole('no primary key')],
    ['keyless_update', keyless, `UPDATE T SET v = '' WHERE id = 7`, whole('no primary key')],
    ['keyless_vacuumed', keyless, 'VACUUM FULL T', UNCHANGED],
    [
      'no_columns',
      (name) => `CREATE TABLE ${name} (); INSERT INTO ${name} DEFAULT VALUES`,
      'INSERT INTO T DEFAULT VALUES',
      whole('no primary key'),
    ],
    [
      'swapped_one',
      few,
      'ALTER TABLE T RENAME TO gone; ALTER TABLE swapped_two RENAME TO T; ALTER TABLE gone RENAME TO swapped_two',
      whole('another table stands under its name'),
    ],
    ['swapped_two', few, 'UPDATE T SET w = w', whole('another table stands under its name')],
    [
      'replaced',
      few,
      'DROP TABLE T; CREATE TABLE T (id int PRIMARY KEY, v text, w int)',
      whole('another table stands under its name'),
    ],
    [
      'generated_key',
      (name) =>
        `CREATE TABLE ${name} (base int, id int GENERATED ALWAYS AS (base * 2) STORED PRIMARY KEY, v text); INSERT INTO ${name} SELECT g FROM generate_series(1, 20) g`,
      'UPDATE T SET v = base WHERE base < 4; DELETE FROM T WHERE base = 9; UPDATE T SET base = 30 WHERE base = 10',
      rows(4, [0], 15),
    ],
    [
      'generated_column',
      (name) =>
        `CREATE TABLE ${name} (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, w text GENERATED ALWAYS AS (upper(v)) STORED); INSERT INTO ${name} (v) SELECT 'v' || g FROM generate_series(1, 20) g`,
      `UPDATE T SET v = 'x' WHERE id = 7; DELETE FROM T WHERE id = 8`,
      rows(1, [0], 18),
    ],
    [
      '"Odd ""name\' $1\\"',
      few,
      `UPDATE T SET v = 'x' WHERE id = 7; DELETE FROM T WHERE id = 8`,
      rows(1, [0], 18),
    ],
    [
      'odd_columns',
      (name) =>
        `CREATE TABLE ${name} ("a ""b' $(x)\\" int, "select" text, v bytea, PRIMARY KEY ("select", "a ""b' $(x)\\")); INSERT INTO ${name} SELECT g, 'k ' || g, '\\x00' FROM generate_series(1, 20) g`,
      `UPDATE T SET v = '\\x01' WHERE "select" = 'k 7'; DELETE FROM T WHERE "select" = 'k 8'`,
      rows(1, [0], 18),
    ],
    [
      'composite',
      (name) =>
        `CREATE TABLE ${name} (a int, b int, v text, PRIMARY KEY (a, b)); INSERT INTO ${name} SELECT g, g FROM generate_series(1, 20) g`,
      'DELETE FROM T WHERE a IN (1, 2); INSERT INTO T VALUES (1, 2), (2, 1)',
      rows(2, [0], 18),
    ],
    [
      'folded_keys',
      (name) =>
        `CREATE TABLE ${name} (id bigint PRIMARY KEY, v text); INSERT INTO ${name} SELECT (g::int8 << 32) | g FROM generate_series(1, 20) g`,
      'UPDATE T SET id = (100::int8 << 32) | 100 WHERE id = (7::int8 << 32) | 7',
      rows(1, [0], 19),
    ],
    [
      'deferred_key',
      (name) =>
        `CREATE TABLE ${name} (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v text); INSERT INTO ${name} SELECT g FROM generate_series(1, 20) g`,
      `UPDATE T SET id = id + 1 WHERE id > 15`,
      rows(5, [0], 15),
    ],
    [
      'covering_key',
      (name) =>
        `CREATE TABLE ${name} (id int, v text, PRIMARY KEY (id) INCLUDE (v)); INSERT INTO ${name} SELECT g FROM generate_series(1, 20) g`,
      `UPDATE T SET v = 'x' WHERE id = 7`,
      rows(1),
    ],
    [
      'unlogged',
      (name) => few(name).replace('CREATE TABLE', 'CREATE UNLOGGED TABLE'),
      `UPDATE T SET v = 'x' WHERE id = 7`,
      rows(1),
    ],
    ['large_values', few, `UPDATE T SET v = repeat(md5(id::text), 50000) WHERE id = 7`, rows(1)],
    ['early', few, '', rows(2)],
    ['early_rolled_back', few, '', UNCHANGED],
    ['late', few, '', UNCHANGED],
  ];

const MORE = `
  CREATE TABLE parent (id int PRIMARY KEY, v text); CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
  INSERT INTO parent SELECT g FROM generate_series(1, 20) g; INSERT INTO child SELECT g FROM generate_series(1, 20) g;
  CREATE TABLE readings (at date, id int, v text, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
  CREATE TABLE readings_1 PARTITION OF readings FOR VALUES FROM ('2020-01-01') TO ('2020-02-01');
  CREATE TABLE readings_2 PARTITION OF readings DEFAULT; INSERT INTO readings SELECT date '2020-01-01' + g, g FROM generate_series(1, 60) g;
  CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  CREATE TABLE caseless (id text COLLATE caseless PRIMARY KEY, v text); INSERT INTO caseless SELECT 'key' || g FROM generate_series(1, 20) g;
  CREATE TABLE mixed_case (id citext PRIMARY KEY, v text); INSERT INTO mixed_case SELECT 'key' || g FROM generate_series(1, 20) g;
  CREATE TABLE decimals (id numeric PRIMARY KEY, v text); INSERT INTO decimals SELECT g FROM generate_series(1, 20) g;`;
const MORE_CHANGES = `
  UPDATE ONLY child SET v = 'x' WHERE id = 7; UPDATE readings SET v = 'x' WHERE id = 50; UPDATE readings SET at = '2020-03-10' WHERE id = 7;
  UPDATE caseless SET id = 'KEY7' WHERE id = 'key7'; UPDATE mixed_case SET id = 'KEY7' WHERE id = 'key7'; UPDATE decimals SET id = 7.00 WHERE id = 7;`;
const MORE_EXPECTED: Readonly<Record<string, Expected>> = {
  parent: UNCHANGED,
  child: rows(1),
  readings_1: rows(0, [0], 29),
  readings_2: rows(2, [0], 29),
  caseless: rows(1, [0], 19),
  mixed_case: rows(1, [0], 19),
  decimals: rows(1, [0], 19),
};

describe('what changed since a base', function () {
  this.timeout(60_000);
  let increment: Increment;
  let copy: string;
  const clients: pg.Client[] = [];

  before(async () => {
    const made = CASES.map(([name, make]) => `${make(name)};`).join('\n');
    const contents = [TYPE_DEFINITIONS, made, MORE, ...KEY_TYPES.map(makeTable)];
    const world = await sourceAndCopy(contents.join('\n'));
    copy = world.copy;
    const { source } = world;
    const [early, aborted, late] = [await connect(source), await connect(source), await connect(source)];
    clients.push(early, aborted, late);
    await early.query(`BEGIN; UPDATE early SET v = 'before the base' WHERE id = 7`);
    await aborted.query(
      `BEGIN; UPDATE early_rolled_back SET v = 'before the base'; DELETE FROM early_rolled_back WHERE id = 1`,
    );
    const base = await takeBase(source);
    await early.query(`UPDATE early SET v = 'after the base' WHERE id = 8; COMMIT`);
    await aborted.query('ROLLBACK');
    for (const [name, , change] of CASES) {
      // VACUUM stands alone.
      for (const statement of change.split(';'))
        await aborted.query(statement.replace(/\bT\b/g, name).replace(/\bT_pkey\b/g, `${name}_pkey`));
    }
    await sql(source, [MORE_CHANGES, ...KEY_TYPES.map(changeTable)].join('\n'));
    await late.query(`BEGIN; UPDATE late SET v = 'not yet'; DELETE FROM late WHERE id = 1`);
    await detect(source, base, async (found, snapshot) => {
      increment = found;
      await applyTo(copy, found, snapshot);
    });
  });
  after(() => Promise.all(clients.map((client) => client.end())));

  function found(name: string): DetectedTable {
    if (increment.changes.kind !== 'detected') throw new Error(increment.changes.reason);
    const table = increment.changes.tables.find((one) => one.table.name === name);
    if (table === undefined) throw new Error(`${name} was not looked at`);
    return table;
  }

  function isFound(name: string, expected: Expected): void {
    const { change } = found(name);
    const kept =
      change.kind === 'rows'
        ? { new: change.newRows, kept: change.keptChunks, keptRows: change.keptRows }
        : {};
    const why = change.kind === 'whole' ? { why: change.why } : {};
    expect({ kind: change.kind, ...kept, ...why }).to.deep.equal(expected);
  }

  for (const [name, , change, expected] of CASES) {
    const plain = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
    it(`${name}: ${expected.kind}${change === '' ? '' : ` after ${change}`}`, () => isFound(plain, expected));
  }
  for (const [name, expected] of Object.entries(MORE_EXPECTED)) {
    it(`${name}: ${expected.kind}`, () => isFound(name, expected));
  }
  for (const [type] of KEY_TYPES) {
    it(`row by row with a key of type ${type}`, () => {
      const { change } = found(`key ${type}`);
      const young = type === 'boolean' ? 0 : 4;
      expect(change).to.include({ kind: 'rows', newRows: young, keptRows: type === 'boolean' ? 1 : 35 });
    });
  }

  it('is enough to make every table of the base what the increment saw', async () => {
    const names = [...increment.truth.values()];
    const client = await connect(copy);
    clients.push(client);
    await client.query(
      `SET search_path = ''; SET extra_float_digits = 3; SET TimeZone = 'UTC'; SET bytea_output = 'hex'`,
    );
    const contents = await readContents(client, { names });
    expect([...contents.keys()]).to.deep.equal([...increment.truth.keys()]);
    for (const [name, content] of contents) expect(content, name).to.deep.equal(increment.truth.get(name));
    const copied = new Map((await listTables(client, { names })).map((table) => [table.name, table]));
    for (const { table, change } of increment.changes.kind === 'detected' ? increment.changes.tables : []) {
      if (change.kind !== 'rows') continue;
      const keys = await readKeys(client, copied.get(table.name) ?? table);
      expect(keys, table.name).to.deep.equal({ rows: change.rows, sums: change.keySums });
    }
  });
});
