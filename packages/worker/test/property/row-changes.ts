import type { Random } from './random.js';
import {
  type ColumnSpec,
  insertable,
  insertRows,
  listOf,
  nameOf,
  quoted,
  type TableName,
  type TableSpec,
} from './table-spec.js';

/** The statements of one transaction that changes rows of a table; `null` where the table has nothing for it. */
export type RowChange = (table: TableSpec, random: Random) => readonly string[] | null;

/** Temporary tables: what a statement needs to remember for the next. */
const keep = (what: string) => `CREATE TEMP TABLE kept ON COMMIT DROP AS ${what}`;
/** A number that looks random, from where a row lies. */
const place = (salt: number) => `(hashtextextended(t.ctid::text, ${salt}) & 1048575)`;

const insert: RowChange = (table, random) => [insertRows(table, random.pick([1, 3, 40, 200]), random.salt())];

const update: RowChange = (table, random) => {
  const columns = changeable(table);
  if (columns.length === 0) return null;
  return [updateSome(table, random, random.shuffled(columns).slice(0, random.between(1, columns.length)))];
};

/** A new version of the row, with the same values. */
const rewrite: RowChange = (table, random) => {
  const [column] = changeable(table);
  if (column === undefined) return null;
  const leaf = random.pick(table.leaves);
  return [
    `UPDATE ONLY ${nameOf(leaf)} t SET ${quoted(column.name)} = ${quoted(column.name)} WHERE ${some(leaf, table, random)}`,
  ];
};

const thereAndBack: RowChange = (table, random) => {
  const columns = changeable(table);
  if (columns.length === 0 || table.key === null) return null;
  const leaf = random.pick(table.leaves);
  const back = columns.map(({ name }) => `${quoted(name)} = k.${quoted(name)}`).join(', ');
  const same = table.key.columns.map((column) => `t.${quoted(column)} = k.${quoted(column)}`).join(' AND ');
  return [
    keep(`SELECT * FROM ONLY ${nameOf(leaf)} t WHERE ${some(leaf, table, random)}`),
    updateSome({ ...table, leaves: [leaf] }, random, columns),
    `UPDATE ${nameOf(leaf)} t SET ${back} FROM kept k WHERE ${same}`,
  ];
};

const remove: RowChange = (table, random) => {
  const leaf = random.pick(table.leaves);
  return [`DELETE FROM ONLY ${nameOf(leaf)} t WHERE ${some(leaf, table, random)}`];
};

const removeAll: RowChange = (table) => [`DELETE FROM ${nameOf(table)}`];

const removeAndInsertAgain: RowChange = (table, random) => {
  const columns = insertable(table);
  if (columns.length === 0) return null;
  const leaf = random.pick(table.leaves);
  return [
    keep(`SELECT ${listOf(columns)} FROM ONLY ${nameOf(leaf)} t WHERE ${some(leaf, table, random)}`),
    `DELETE FROM ${nameOf(leaf)} WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM ONLY ${nameOf(leaf)} t, kept k WHERE ${sameText(columns)}))`,
    `INSERT INTO ${nameOf(leaf)} (${listOf(columns)}) OVERRIDING SYSTEM VALUE SELECT * FROM kept`,
  ];
};

/** As many gone as have come: the counts alone tell nothing. */
const exchange: RowChange = (table, random) => {
  const leaf = random.pick(table.leaves);
  const count = random.between(1, 5);
  return [
    `DELETE FROM ONLY ${nameOf(leaf)} t WHERE ${scattered(leaf, random, count)}`,
    insertRows(table, count, random.salt()),
  ];
};

const changeKeys: RowChange = (table, random) => {
  const moved = table.columns.filter((column) => isKeyPart(table, column));
  if (moved.length === 0 || moved.some(({ suffix }) => suffix?.includes('ALWAYS AS IDENTITY'))) return null;
  const leaf = random.pick(table.leaves);
  const from = table.next;
  const count = Math.min(random.pick([1, 4, 20]), table.capacity - from);
  if (count <= 0) return null;
  table.next += count;
  const set = moved.map((column) => `${quoted(column.name)} = ${column.value('n.g', 1)}`).join(', ');
  return [
    `UPDATE ${nameOf(leaf)} t SET ${set} FROM (SELECT t.ctid AS c, ${from - 1} + row_number() OVER () AS g
       FROM ONLY ${nameOf(leaf)} t WHERE ${scattered(leaf, random, count)}) n WHERE t.ctid = n.c AND t.tableoid = ${oidOf(leaf)}`,
  ];
};

const swapKeys: RowChange = (table, random) => {
  const columns = insertable(table);
  if (!columns.some((column) => isKeyPart(table, column)) || table.leaves.length > 1) return null;
  const crossed = columns
    .map((column) => `${isKeyPart(table, column) ? 'a' : 'b'}.${quoted(column.name)}`)
    .join(', ');
  const two = `ARRAY(SELECT c FROM kept)`;
  return [
    keep(`SELECT t.ctid AS c, t.* FROM ONLY ${nameOf(table)} t WHERE ${scattered(table, random, 2)}`),
    `DELETE FROM ONLY ${nameOf(table)} WHERE ctid = ANY (${two})`,
    `INSERT INTO ${nameOf(table)} (${listOf(columns)}) OVERRIDING SYSTEM VALUE
       SELECT ${crossed} FROM kept a JOIN kept b ON a.c <> b.c OR (SELECT count(*) FROM kept) = 1`,
  ];
};

/** Another spelling of a key that the key's own equality takes for the same. */
const RESPELLED: Readonly<Record<string, string>> = {
  numeric: 'k0 * 1.00',
  interval: "justify_hours(k0 - interval '1 day') + interval '24:00:00'",
  jsonb: `jsonb_build_object('n', (k0 ->> 'n')::numeric * 1.0)`,
  citext: 'CASE WHEN k0::text = upper(k0::text) THEN lower(k0::text) ELSE upper(k0::text) END',
  'text without case': `CASE WHEN (k0 COLLATE "C") = upper(k0 COLLATE "C") THEN lower(k0 COLLATE "C") ELSE upper(k0 COLLATE "C") END`,
};

const respellKeys: RowChange = (table, random) => {
  const spelling = RESPELLED[table.key?.kind ?? ''];
  if (spelling === undefined) return null;
  const leaf = random.pick(table.leaves);
  return [`UPDATE ONLY ${nameOf(leaf)} t SET k0 = ${spelling} WHERE ${some(leaf, table, random)}`];
};

const truncate: RowChange = (table, random) => {
  const whole = random.chance(0.6) ? table : random.pick(table.leaves);
  return [`TRUNCATE ${nameOf(whole)} CASCADE`];
};

const truncateAndInsert: RowChange = (table, random) => [
  `TRUNCATE ${nameOf(table)} RESTART IDENTITY CASCADE`,
  insertRows(table, random.pick([1, 50, 300]), random.salt()),
];

const truncateAndInsertAgain: RowChange = (table) => {
  const columns = insertable(table);
  if (columns.length === 0 || table.group === 'family' || table.traits.has('inheritance')) return null;
  return [
    keep(`SELECT ${listOf(columns)} FROM ${nameOf(table)}`),
    `TRUNCATE ${nameOf(table)}`,
    `INSERT INTO ${nameOf(table)} (${listOf(columns)}) OVERRIDING SYSTEM VALUE SELECT * FROM kept`,
  ];
};

const upsert: RowChange = (table, random) => {
  const [value] = changeable(table);
  const columns = insertable(table);
  const { key } = table;
  if (value === undefined || key === null || key.deferrable || table.traits.has('rule')) return null;
  if (!key.columns.every((column) => columns.some(({ name }) => name === column))) return null;
  const leaf = random.pick(table.leaves);
  const name = quoted(value.name);
  return [
    `INSERT INTO ${nameOf(table)} AS t (${listOf(columns)}) OVERRIDING SYSTEM VALUE
       SELECT ${listOf(columns)} FROM ONLY ${nameOf(leaf)} t WHERE ${some(leaf, table, random)}
       ON CONFLICT (${key.columns.map(quoted).join(', ')}) DO UPDATE SET ${name} = excluded.${name}`,
  ];
};

export const ROW_CHANGES = {
  insert,
  update,
  rewrite,
  thereAndBack,
  remove,
  removeAll,
  removeAndInsertAgain,
  exchange,
  changeKeys,
  swapKeys,
  respellKeys,
  truncate,
  truncateAndInsert,
  truncateAndInsertAgain,
  upsert,
} as const satisfies Readonly<Record<string, RowChange>>;

function isKeyPart(table: TableSpec, column: ColumnSpec): boolean {
  const madeOf = column.name === 'made of';
  return column.generated !== true && (madeOf || table.key?.columns.includes(column.name) === true);
}

function changeable(table: TableSpec): ColumnSpec[] {
  return table.columns.filter((column) => column.generated !== true && column.fixed !== true);
}

function updateSome(table: TableSpec, random: Random, columns: readonly ColumnSpec[]): string {
  const leaf = random.pick(table.leaves);
  const salt = random.salt();
  const set = columns
    .map((column) => `${quoted(column.name)} = ${column.value(place(salt), salt)}`)
    .join(', ');
  return `UPDATE ONLY ${nameOf(leaf)} t SET ${set} WHERE ${some(leaf, table, random)}`;
}

/** A condition for some of a table's rows, all over it or side by side. */
function some(leaf: TableName, table: TableSpec, random: Random): string {
  const count = random.pick([1, 2, 10, 60]);
  if (random.chance(0.5)) return scattered(leaf, random, count);
  const order = table.key === null ? 'ctid' : table.key.columns.map(quoted).join(', ');
  const offset = `(SELECT count(*) * ${random.between(0, 9)} / 10 FROM ONLY ${nameOf(leaf)})`;
  return `t.ctid = ANY (ARRAY(SELECT ctid FROM ONLY ${nameOf(leaf)} ORDER BY ${order} OFFSET ${offset} LIMIT ${count}))`;
}

function scattered(leaf: TableName, random: Random, count: number): string {
  return `t.ctid = ANY (ARRAY(SELECT ctid FROM ONLY ${nameOf(leaf)} ORDER BY hashtextextended(ctid::text, ${random.salt()}) LIMIT ${count}))`;
}

/** Types without equality have a text. */
function sameText(columns: readonly ColumnSpec[]): string {
  const row = (from: string) =>
    `ROW(${columns.map(({ name }) => `${from}.${quoted(name)}`).join(', ')})::text`;
  return `${row('t')} = ${row('k')}`;
}

function oidOf(table: TableName): string {
  return `'${nameOf(table).replaceAll("'", "''")}'::regclass`;
}
