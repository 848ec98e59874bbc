import pg from 'pg';
import { HASH_NUMBER, rowHash } from '../../postgres/row-hash.js';
import { chunkNumber } from '../chunking.js';
import type { DeltaPlan, DeltaTable } from '../delta-plan.js';
import { keptKeysTable, newRowsTable } from '../staging.js';

/** What the apply statement is told of a table that it changes: finished pieces of SQL, and numbers as text. */
export interface AppliedTable {
  readonly schema: string;
  readonly name: string;
  readonly base: { readonly rows: string; readonly sum: string };
  readonly staged: { readonly rows: string; readonly sum: string; readonly kept: string | null };
  readonly rowsAfter: string;
  /** Counts a table's rows and sums their hashes: of the table itself, and of its staged rows. */
  readonly measure: string;
  readonly measureStaged: string;
  readonly measureKept: string | null;
  /** Deletes what is gone or replaced, and counts and sums it. */
  readonly remove: string;
  readonly insert: string;
}

export function appliedTable(plan: DeltaPlan, table: DeltaTable, number: number): AppliedTable {
  const { schema, name, base, newRows, rowsAfter, replace } = table;
  const target = tableName(table);
  const [staged, kept] = [newRowsTable(number), keptKeysTable(number)];
  const hash = rowHash(table.hashedValues, plan.encoding);
  const measured = (from: string) => `SELECT ${MEASURES} FROM (SELECT ${hash} AS h FROM ${from} OFFSET 0) m`;
  return {
    schema,
    name,
    base: { rows: String(base.rows), sum: base.sum },
    staged: {
      rows: String(newRows.rows),
      sum: newRows.sum,
      kept: replace?.kept == null ? null : String(replace.kept.rows),
    },
    rowsAfter: String(rowsAfter),
    measure: measured(`ONLY ${target} ${table.filter ?? ''}`),
    measureStaged: measured(staged),
    measureKept: replace?.kept == null ? null : `SELECT count(*) FROM ${kept}`,
    remove: `WITH gone AS (DELETE FROM ONLY ${target} AS t WHERE ${condition(table, staged, kept)}
      RETURNING ${hash} AS h) SELECT ${MEASURES} FROM gone`,
    insert: insertStatement(table, target, staged),
  };
}

const MEASURES = `count(*), coalesce(sum(${HASH_NUMBER}), 0)`;

/** Which rows of the base go: `t` is the table. */
function condition({ replace, filter }: DeltaTable, staged: string, kept: string): string {
  if (replace === null) return filter === null ? 'true' : filter.replace(/^\s*WHERE\s/i, '');
  const same = replace.key
    .map(({ name, equals }) => `s.${pg.escapeIdentifier(name)} ${equals} t.${pg.escapeIdentifier(name)}`)
    .join(' AND ');
  const replaced = `EXISTS (SELECT FROM ${staged} AS s WHERE ${same})`;
  if (replace.kept === null) return replaced;
  const { chunking, chunks } = replace.kept;
  const gone = `NOT EXISTS (SELECT FROM ${kept} AS s WHERE ${same})`;
  return `${replaced} OR ${chunkNumber(chunking)} = ANY ('{${chunks.join(',')}}'::int[]) AND ${gone}`;
}

/** Of a table without columns the rows have no values either. */
function insertStatement({ inserted }: DeltaTable, target: string, staged: string): string {
  const columns = inserted.map((column) => pg.escapeIdentifier(column)).join(', ');
  const into = inserted.length === 0 ? target : `${target} (${columns}) OVERRIDING SYSTEM VALUE`;
  return `INSERT INTO ${into} SELECT ${columns} FROM ${staged}`;
}

export function tableName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
}
