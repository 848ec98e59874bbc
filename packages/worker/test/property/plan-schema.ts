import { type BuiltTable, buildTable } from './build-table.js';
import { decorations, triggerFunctions } from './decorate.js';
import { type Family, family } from './family.js';
import { keyKinds } from './key-kinds.js';
import type { Random } from './random.js';
import { insertRows, nameOf, type TableName, type TableSpec } from './table-spec.js';
import { valueKinds } from './values.js';

/** All of a generated database: the SQL that makes it, and what may be changed in it. */
export interface SchemaPlan {
  readonly tables: readonly TableSpec[];
  /** Two schemas with the same table, the same keys and other values. */
  readonly twins: readonly [TableSpec, TableSpec];
  readonly family: Family;
  /** The schema of types and functions, quoted. */
  readonly types: string;
  readonly views: readonly TableName[];
  readonly sql: readonly string[];
}

/** Tables of a seed that have a key. */
const KEYED = 6;
/** So many seeds in a row have every kind of key; in the first of them each can be met. */
export const ROUND = 7;
const KEYLESS = 2;
const LABELS = Array.from({ length: 41 }, (_, at) => `'L${at}'`).join(', ');

export function planSchema(seed: number, random: Random, major: number): SchemaPlan {
  const types = '"Types ü"';
  const built = anyTables(seed, random, types, major);
  const related = family('public');
  const twins = [twin('twin a'), twin('twin b')] as const;
  const elsewhere = otherMethod();
  const tables = [...built.map(({ table }) => table), ...related.tables, elsewhere];
  const views = materializedViews(random.pick(tables), random.pick(tables), random);
  const salt = () => random.salt();
  const sql = [
    ...typeDefinitions(types),
    ...triggerFunctions(types),
    'CREATE SCHEMA "odd ""schema"""; CREATE SCHEMA "twin a"; CREATE SCHEMA "twin b"',
    ...built.flatMap(({ ddl }) => ddl),
    ...related.ddl,
    ...twins.map((table) => `CREATE TABLE ${nameOf(table)} (k0 int4 PRIMARY KEY, v0 text)`),
    `CREATE TABLE ${nameOf(elsewhere)} (k0 int4 PRIMARY KEY, v0 text) USING heap2`,
    ...tables.map((table) =>
      insertRows(table, firstRows(random, table.key !== null, seed <= ROUND ? 20 : 0), salt()),
    ),
    ...twins.map((table) => insertRows(table, 150, salt())),
    ...built
      .filter(({ table }) => table.traits.has('inheritance'))
      .map(({ table }) => insertIntoChild(table)),
    ...related.constraints,
    ...related.relink(salt()),
    ...built.flatMap(({ table }) => decorations(table, types, random)),
    ...views.sql,
    `CREATE SEQUENCE "a 'sequence'" MINVALUE -5 INCREMENT -1 MAXVALUE 1000 START 900; CREATE SEQUENCE untouched; SELECT setval('untouched', 77)`,
    ...largeObjects(seed, random),
  ];
  return { tables, twins, family: related, types, views: views.names, sql };
}

function anyTables(seed: number, random: Random, types: string, major: number): BuiltTable[] {
  const values = valueKinds(types);
  const kinds = keyKinds(types);
  const keys = Array.from({ length: KEYED }, (_, at) => kinds[(seed * KEYED + at) % kinds.length] ?? null);
  return [...keys, ...Array.from({ length: KEYLESS }, () => null)].map((key, serial) =>
    buildTable(random, {
      schema: random.chance(0.6) ? 'public' : 'odd "schema"',
      serial,
      key,
      values,
      major,
      calm: seed <= ROUND,
    }),
  );
}

/** Often none or few; sometimes enough for many chunks. */
function firstRows(random: Random, keyed: boolean, least: number): number {
  const most = random.pick(keyed ? [0, 30, 300, 300, 300, 300, 600, 600, 1500] : [0, 1, 30, 300]);
  return Math.max(keyed ? least : 0, random.between(Math.min(most, most > 10 ? 20 : 1), most));
}

function typeDefinitions(types: string): string[] {
  return [
    `CREATE SCHEMA ${types}; CREATE EXTENSION citext SCHEMA public; CREATE EXTENSION hstore SCHEMA public`,
    `CREATE TYPE ${types}.mood AS ENUM ('Ärger', 'calm', 'it''s "odd"')`,
    `CREATE TYPE ${types}.label AS ENUM (${LABELS})`,
    `CREATE TYPE ${types}.pair AS (n int8, t text)`,
    `CREATE DOMAIN ${types}.positive AS int4 CHECK (VALUE > 0)`,
    `CREATE DOMAIN ${types}.word AS text`,
    `CREATE COLLATION ${types}.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    'CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler',
  ];
}

function twin(schema: string): TableSpec {
  return {
    schema,
    name: 'same',
    columns: [
      { name: 'k0', type: 'int4', value: (g) => `${g}::int4`, fixed: true },
      { name: 'v0', type: 'text', value: (g, salt) => `md5((${g} * ${salt}::int8)::text)` },
    ],
    key: { kind: 'int4', columns: ['k0'], deferrable: false },
    traits: new Set(),
    group: 'twins',
    leaves: [{ schema, name: 'same' }],
    capacity: 100_000,
    next: 1,
  };
}

/** Only of PostgreSQL's own heap is it known when a row was written. */
function otherMethod(): TableSpec {
  const name = { schema: 'public', name: 'elsewhere' };
  const traits = new Set(['other access method']);
  return { ...twin('public'), ...name, group: 'elsewhere', leaves: [name], traits };
}

function insertIntoChild(table: TableSpec): string {
  const child = table.leaves[1];
  if (child === undefined) return 'SELECT';
  const rows = insertRows({ ...table, ...child }, 20, 1);
  table.next += 20;
  return rows;
}

/** One on a table, one on the other view: refreshed in the wrong order, the second one is stale. */
function materializedViews(one: TableName, other: TableName, random: Random) {
  const names = ['z first', 'b second', 'a third'].map((name) => ({ schema: 'public', name }));
  const [first, second, third] = names.map(nameOf);
  const empty = random.chance(0.3) ? 'WITH NO DATA' : '';
  return {
    names,
    sql: [
      `CREATE MATERIALIZED VIEW ${first} AS SELECT count(*) AS rows FROM ${nameOf(one)}`,
      `CREATE MATERIALIZED VIEW ${second} AS SELECT v.rows + (SELECT count(*) FROM ${nameOf(other)}) AS rows FROM ${first} v`,
      `CREATE MATERIALIZED VIEW ${third} AS SELECT v.rows FROM ${second} v ${empty}`,
    ],
  };
}

/** The first one is empty: it has no page. */
function largeObjects(seed: number, random: Random): string[] {
  const count = random.between(seed <= ROUND ? 2 : 0, 3);
  return Array.from({ length: count }, (_, at) => {
    const bytes = `decode(repeat('00ff5c', ${at * random.between(1, 3000)}), 'hex')`;
    return `SELECT lo_from_bytea(${5000 + at}, ${bytes})`;
  });
}
