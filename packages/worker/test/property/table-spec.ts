import pg from 'pg';

/** SQL of a value, from the row's number (SQL too) and a salt: the same for the same of both. */
export type ValueOf = (row: string, salt: number) => string;

export interface ColumnSpec {
  readonly name: string;
  readonly type: string;
  readonly value: ValueOf;
  /** What follows the type: `NOT NULL`, `GENERATED ALWAYS AS (…) STORED` … */
  readonly suffix?: string;
  /** The server computes it. */
  readonly generated?: boolean;
  /** Not to be given another value at random. */
  readonly fixed?: boolean;
}

export interface KeySpec {
  /** What a run counts by. */
  readonly kind: string;
  readonly columns: readonly string[];
  readonly deferrable: boolean;
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export interface TableSpec extends TableName {
  readonly columns: readonly ColumnSpec[];
  readonly key: KeySpec | null;
  readonly traits: ReadonlySet<string>;
  /** A change of one table of a group may change the others. */
  readonly group: string;
  /** The tables that hold its rows: itself, or its partitions. */
  readonly leaves: readonly TableName[];
  /** Numbers of rows that a key can have at most. */
  readonly capacity: number;
  /** The number of the next new row. */
  next: number;
}

export const quoted = (name: string) => pg.escapeIdentifier(name);
export const nameOf = (table: TableName) => `${quoted(table.schema)}.${quoted(table.name)}`;

/** The columns that an INSERT names. */
export function insertable(table: TableSpec): readonly ColumnSpec[] {
  return table.columns.filter((column) => column.generated !== true);
}

export const listOf = (columns: readonly { readonly name: string }[]) =>
  columns.map((column) => quoted(column.name)).join(', ');

/** Inserts `count` rows of numbers that no row had before; fewer where the key has no more. */
export function insertRows(table: TableSpec, count: number, salt: number): string {
  const from = table.next;
  const most = Math.min(count, table.capacity - from);
  if (most <= 0) return 'SELECT';
  table.next += most;
  return insertNumbers(table, from, from + most - 1, salt);
}

/** Inserts the rows of the numbers `from` to `to`. */
export function insertNumbers(table: TableSpec, from: number, to: number, salt: number): string {
  const columns = insertable(table);
  if (columns.length === 0)
    return `DO $insert$ BEGIN FOR i IN ${from}..${to} LOOP INSERT INTO ${nameOf(table)} DEFAULT VALUES; END LOOP; END $insert$`;
  const values = columns.map((column) => column.value('g', salt)).join(', ');
  return `INSERT INTO ${nameOf(table)} (${listOf(columns)}) OVERRIDING SYSTEM VALUE
    SELECT ${values} FROM generate_series(${from}::int8, ${to}::int8) g`;
}
