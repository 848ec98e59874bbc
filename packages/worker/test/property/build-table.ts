import type { KeyKind } from './key-kinds.js';
import { oddName } from './names.js';
import type { Random } from './random.js';
import { type ColumnSpec, nameOf, quoted, type TableName, type TableSpec } from './table-spec.js';
import { sometimesNull, type ValueKind } from './values.js';

/** A table and the SQL that makes it, empty. */
export interface BuiltTable {
  readonly table: TableSpec;
  readonly ddl: readonly string[];
}

export interface TableWish {
  readonly schema: string;
  readonly serial: number;
  readonly key: KeyKind | null;
  readonly values: readonly ValueKind[];
  /** The server's major version. */
  readonly major: number;
  /** Whether its key has to be met. */
  readonly calm: boolean;
}

const CAPACITY = 100_000;

export function buildTable(random: Random, wish: TableWish): BuiltTable {
  const name = oddName(random, wish.serial);
  const traits = chooseTraits(random, wish);
  const keyColumns = wish.key === null ? [] : columnsOfKey(wish.key);
  const payload = payloadColumns(random, wish, traits);
  // The key need not come first, nor its columns in the table's order.
  const columns = random.chance(0.7)
    ? [...keyColumns, ...payload]
    : random.shuffled([...payload, ...keyColumns]);
  const table: TableSpec = {
    schema: wish.schema,
    name,
    columns,
    key: wish.key && {
      kind: wish.key.kind,
      columns: keyColumns.filter(({ name: column }) => column.startsWith('k')).map((column) => column.name),
      deferrable: traits.has('deferrable key'),
    },
    traits,
    group: `table ${wish.serial}`,
    leaves: leavesOf({ schema: wish.schema, name }, traits),
    capacity: wish.key?.capacity ?? CAPACITY,
    next: 1,
  };
  return { table, ddl: definitions(table, wish, random) };
}

function columnsOfKey({ columns }: KeyKind): ColumnSpec[] {
  const named = columns.map((column, at): ColumnSpec => {
    if (column.generated) {
      return { ...column, name: `k${at}`, suffix: 'GENERATED ALWAYS AS ("made of" * 2) STORED', fixed: true };
    }
    return { ...column, name: `k${at}`, suffix: `NOT NULL ${column.suffix ?? ''}`, fixed: true };
  });
  const base: ColumnSpec = { name: 'made of', type: 'int4', value: (g) => `${g}::int4`, fixed: true };
  return columns.some((column) => column.generated) ? [base, ...named] : named;
}

function payloadColumns(random: Random, wish: TableWish, traits: ReadonlySet<string>): ColumnSpec[] {
  if (traits.has('no columns')) return [];
  const count = random.between(traits.has('key only') ? 0 : 1, traits.has('key only') ? 0 : 4);
  const columns = Array.from({ length: count }, (_, at): ColumnSpec => {
    const kind = random.pick(wish.values);
    return {
      name: random.chance(0.8) ? `v${at}` : `v"${at}' ü`,
      ...(random.chance(0.5) ? sometimesNull(kind, random) : kind),
    };
  });
  if (traits.has('generated')) {
    columns.push({ name: 'n', type: 'int4', value: (g) => `${g}::int4` });
    columns.push({
      name: 'twice',
      type: 'int4',
      value: () => '',
      generated: true,
      suffix: 'GENERATED ALWAYS AS (n * 2) STORED',
    });
    if (wish.major >= 18) {
      columns.push({
        name: 'virtual',
        type: 'int4',
        value: () => '',
        generated: true,
        suffix: 'GENERATED ALWAYS AS (n + 1) VIRTUAL',
      });
    }
  }
  if (traits.has('exclusion')) {
    columns.push({
      name: 'span',
      type: 'int4range',
      value: (g) => `int4range((${g} * 10)::int, (${g} * 10 + 5)::int)`,
      fixed: true,
    });
  }
  if (traits.has('unique'))
    columns.push({ name: 'u', type: 'int8', value: (g) => `${g} * 3`, suffix: 'NOT NULL', fixed: true });
  return columns;
}

function chooseTraits(random: Random, { key, serial, calm }: TableWish): Set<string> {
  const traits = new Set<string>();
  if (key === null && random.chance(0.15)) return new Set(['no columns']);
  const may = (trait: string, probability: number) => random.chance(probability) && traits.add(trait);
  if (key?.partition && random.chance(0.4)) traits.add(`partitions by ${key.partition}`);
  else {
    may('inheritance', 0.08);
    may('unlogged', 0.08);
    if (key === null || !calm) may('other access method', 0.06);
    may('rule', 0.08);
  }
  const partitioned = [...traits].some((trait) => trait.startsWith('partitions'));
  if (!partitioned) may('exclusion', 0.1);
  if (!partitioned) may('unique', 0.2);
  if (key === null && serial % 2 === 0) traits.add('unique');
  if (key !== null && !partitioned) may('deferrable key', 0.15);
  if (key !== null && !traits.has('exclusion')) may('key only', 0.05);
  may('generated', 0.25);
  may('triggers', 0.2);
  may('row security', 0.1);
  may('dropped column', 0.15);
  return traits;
}

function leavesOf(name: TableName, traits: ReadonlySet<string>): TableName[] {
  const leaf = (suffix: string) => ({ schema: name.schema, name: leafName(name.name, suffix) });
  if (traits.has('partitions by hash')) return ['p0', 'p1', 'p2'].map(leaf);
  if (traits.has('partitions by range')) return ['low', 'rest0', 'rest1'].map(leaf);
  if (traits.has('inheritance')) return [name, leaf('child')];
  return [name];
}

/** Leaves of a long name would not differ at its end. */
const leafName = (name: string, suffix: string) => `${suffix} of ${name}`.slice(0, 40);

function definitions(table: TableSpec, wish: TableWish, random: Random): string[] {
  const { traits, key } = table;
  const columns = table.columns.map(
    (column) => `${quoted(column.name)} ${column.type} ${column.suffix ?? ''}`,
  );
  if (traits.has('dropped column')) columns.splice(random.between(0, columns.length), 0, '"to drop" text');
  if (key)
    columns.push(`PRIMARY KEY (${key.columns.map(quoted).join(', ')}) ${key.deferrable ? 'DEFERRABLE' : ''}`);
  if (traits.has('unique')) columns.push('UNIQUE (u) DEFERRABLE INITIALLY DEFERRED');
  if (traits.has('exclusion')) columns.push('EXCLUDE USING gist (span WITH &&)');
  const by = partitioning(table, wish);
  const using = traits.has('other access method') ? 'USING heap2' : '';
  const unlogged = traits.has('unlogged') ? 'UNLOGGED' : '';
  const ddl = [
    `CREATE ${unlogged} TABLE ${nameOf(table)} (${columns.join(', ')}) ${by.clause} ${using}`,
    ...by.leaves,
  ];
  if (traits.has('dropped column')) ddl.push(`ALTER TABLE ${nameOf(table)} DROP COLUMN "to drop"`);
  const second = table.leaves[1];
  if (traits.has('inheritance') && second) {
    const childKey = key ? `, PRIMARY KEY (${key.columns.map(quoted).join(', ')})` : '';
    ddl.push(
      `CREATE TABLE ${nameOf(second)} (extra text DEFAULT 'extra'${childKey}) INHERITS (${nameOf(table)})`,
    );
  }
  return ddl;
}

function partitioning(table: TableSpec, wish: TableWish): { clause: string; leaves: string[] } {
  const [first] = table.key?.columns ?? [];
  if (first === undefined) return { clause: '', leaves: [] };
  const [one, two, three] = table.leaves as [TableName, TableName, TableName];
  const of = `PARTITION OF ${nameOf(table)}`;
  if (table.traits.has('partitions by hash')) {
    const leaves = table.leaves.map(
      (leaf, remainder) =>
        `CREATE TABLE ${nameOf(leaf)} ${of} FOR VALUES WITH (MODULUS 3, REMAINDER ${remainder})`,
    );
    return { clause: `PARTITION BY HASH (${quoted(first)})`, leaves };
  }
  if (!table.traits.has('partitions by range')) return { clause: '', leaves: [] };
  const bound = wish.key?.columns[0]?.type === 'text' ? `'group 1'` : '100000000000';
  const middle = { schema: table.schema, name: leafName(table.name, 'middle') };
  return {
    clause: `PARTITION BY RANGE (${quoted(first)})`,
    leaves: [
      `CREATE TABLE ${nameOf(one)} ${of} FOR VALUES FROM (MINVALUE) TO (${bound})`,
      `CREATE TABLE ${nameOf(middle)} ${of} DEFAULT PARTITION BY HASH (${quoted(first)})`,
      `CREATE TABLE ${nameOf(two)} PARTITION OF ${nameOf(middle)} FOR VALUES WITH (MODULUS 2, REMAINDER 0)`,
      `CREATE TABLE ${nameOf(three)} PARTITION OF ${nameOf(middle)} FOR VALUES WITH (MODULUS 2, REMAINDER 1)`,
    ],
  };
}
