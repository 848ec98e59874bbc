import { STAGING_SCHEMA } from '@safekeep/archive/compare-contents';
import pg from 'pg';
import { chunkNumber } from '../chunking.js';
import type { DeltaPlan, DeltaTable } from '../delta-plan.js';
import { columnList, quietly } from './sql-text.js';

/** Tables that tell the apply statement what the base was and what is to be done. Of values only the bounds of chunks are in them: what a refused statement leaves in logs names none. */
const TABLES = [
  `CREATE UNLOGGED TABLE ${STAGING_SCHEMA}.changed (relation text, schema text, name text, filter text, n int, rows bigint, sum numeric,
    new_rows bigint, new_sum numeric, rows_after bigint, hashed text, inserted text, selected text,
    same_as_new text, gone text, kept_rows bigint, removed_sum numeric)`,
  `CREATE UNLOGGED TABLE ${STAGING_SCHEMA}.unchanged (relation text, schema text, name text, filter text, rows bigint)`,
  `CREATE UNLOGGED TABLE ${STAGING_SCHEMA}.sequences (relation text, schema text, name text, last_value bigint, is_called boolean)`,
  `CREATE UNLOGGED TABLE ${STAGING_SCHEMA}.back (n int GENERATED ALWAYS AS IDENTITY, statement text)`,
];

/** SQL that makes these tables and fills them. */
export function instructions({ changed, unchanged, sequences }: DeltaPlan): string {
  return quietly([
    ...TABLES,
    ...insert('changed', changed.map(changedValues)),
    ...insert(
      'unchanged',
      unchanged.map(({ schema, name, filter, rows }) => [
        quoted(schema),
        quoted(name),
        quoted(filter ?? ''),
        `${rows}`,
      ]),
    ),
    ...insert(
      'sequences',
      sequences.map(({ schema, name, lastValue, isCalled }) => [
        quoted(schema),
        quoted(name),
        `(${lastValue})::bigint`,
        String(isCalled),
      ]),
    ),
  ]);
}

function insert(table: string, rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const values = rows.map((row) => `(${row.join(', ')})`).join(',\n    ');
  return [
    `INSERT INTO ${STAGING_SCHEMA}.${table}
    SELECT pg_catalog.format('%I.%I', v.column1, v.column2), v.* FROM (VALUES\n    ${values}) v`,
  ];
}

function changedValues(table: DeltaTable, n: number): string[] {
  const { schema, name, filter, base, newRows, rowsAfter, hashedValues, inserted, replace } = table;
  return [
    quoted(schema),
    quoted(name),
    quoted(filter ?? ''),
    ...[n, base.rows, `(${base.sum})::numeric`, newRows.rows, `(${newRows.sum})::numeric`, rowsAfter].map(
      String,
    ),
    quoted(hashedValues),
    quoted(inserted.length === 0 ? '' : `(${columnList(inserted)})`),
    quoted(columnList(inserted)),
    replace === null ? 'NULL::text' : quoted(sameKey(replace.key, `r${n}`)),
    replace?.kept ? quoted(goneFrom(replace, n)) : 'NULL::text',
    replace?.kept ? `${replace.kept.rows}::bigint` : 'NULL::bigint',
    'NULL::numeric',
  ];
}

type Replace = NonNullable<DeltaTable['replace']>;

/** SQL: whether a row `t` of the target has its key in a staging table. */
function sameKey(key: Replace['key'], staging: string): string {
  const columns = key.map(({ name, equals }) => {
    const column = pg.escapeIdentifier(name);
    return `s.${column} ${equals} t.${column}`;
  });
  return `EXISTS (SELECT FROM ${STAGING_SCHEMA}.${staging} s WHERE ${columns.join(' AND ')})`;
}

/** SQL: whether a row of the target is in a chunk whose rows are listed, and not in the list. */
function goneFrom({ key, kept }: Replace, n: number): string {
  if (kept === null) return 'false';
  const { chunking, chunks } = kept;
  return `${chunkNumber(chunking)} = ANY ('{${chunks.join(',')}}'::int[]) AND NOT ${sameKey(key, `k${n}`)}`;
}

function quoted(text: string): string {
  return pg.escapeLiteral(text);
}
