import pg from 'pg';
import { chunkNumber } from './chunking.js';
import type { DeltaTable } from './delta-plan.js';
import type { DetectedTable } from './detect-changes.js';
import { isYoung, type TransactionWindow } from './transaction-window.js';

/** What a delta archive must know of a table; `null` of one that did not change. */
export function deltaTable({ base, table, change }: DetectedTable): DeltaTable | null {
  if (change.kind === 'unchanged') return null;
  const { schema, name, filter, stored } = table;
  const keys = change.kind === 'rows' ? (table.key ?? []) : [];
  const generated = keys.filter((column) => column.generated).map((column) => column.name);
  const newRows =
    change.kind === 'rows'
      ? { rows: change.newRows, sum: change.newSum }
      : { rows: change.rows, sum: change.sum };
  return {
    schema,
    name,
    filter,
    staged: [...stored, ...generated],
    inserted: stored,
    hashedValues: table.values,
    base: { rows: base.rows, sum: base.sum },
    newRows,
    rowsAfter: change.rows,
    replace: replaceOf({ base, table, change }),
  };
}

function replaceOf({ base, change }: DetectedTable): DeltaTable['replace'] {
  if (change.kind !== 'rows' || base.key === null) return null;
  const { keptChunks: chunks, keptRows: rows } = change;
  const { columns: key, chunking } = base.key;
  return { key, kept: chunks.length === 0 ? null : { chunking, chunks, rows } };
}

/** SQL: the rows that an archive stages, in the order of `staged`. To be run in the increment's snapshot. */
export function newRowsQuery(table: DeltaTable, window: TransactionWindow): string {
  const where = table.replace === null ? 'true' : isYoung(window);
  return `SELECT ${namesOf(table.staged)} FROM ONLY ${nameOf(table)} WHERE ${where}${inFilter(table)}`;
}

/** SQL: the keys of the older rows in the chunks that list what is left, in the order of the key. */
export function keptKeysQuery(table: DeltaTable, window: TransactionWindow): string {
  const { replace } = table;
  if (replace?.kept == null) throw new Error('nothing of this table is listed');
  const { chunking, chunks } = replace.kept;
  const chosen = `${chunkNumber(chunking)} = ANY ('{${chunks.join(',')}}'::int[])`;
  return `SELECT ${namesOf(replace.key.map(({ name }) => name))} FROM ONLY ${nameOf(table)}
    WHERE NOT ${isYoung(window)} AND ${chosen}${inFilter(table)}`;
}

/** Of an extension's configuration table only the rows that its filter names are the backup's. */
function inFilter(table: DeltaTable): string {
  if (table.filter === null) return '';
  return ` AND ctid IN (SELECT ctid FROM ONLY ${nameOf(table)} ${table.filter})`;
}

function nameOf({ schema, name }: DeltaTable): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
}

function namesOf(columns: readonly string[]): string {
  return columns.map((column) => pg.escapeIdentifier(column)).join(', ');
}
