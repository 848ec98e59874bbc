import type pg from 'pg';
import { HASH_NUMBER, rowHash } from './row-hash.js';
import { fromTable, listTables, type ScannableTable } from './scannable-tables.js';

/** What a table holds, whatever the order of its rows and columns. */
export interface TableContent {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  /** Names of the columns whose values count. */
  readonly columns: readonly string[];
  /** A decimal number: the sum of the rows' 64-bit hashes. */
  readonly sum: string;
}

/**
 * Reads rows and content of a table in the client's transaction, in one scan. The sum of the hashes notices a row that is
 * changed, missing or there twice, and values that changed places. OFFSET 0 keeps the planner from computing a hash once
 * for each use.
 */
export async function readTableContent(
  client: pg.ClientBase,
  table: ScannableTable,
  encoding: string,
): Promise<TableContent> {
  const { schema, name, columns, values } = table;
  const { rows } = await client.query<{ rows: number; sum: string }>(
    `SELECT count(*) AS rows, coalesce(sum(${HASH_NUMBER}), 0)::text AS sum
     FROM (SELECT ${rowHash(values, encoding)} AS h FROM ${fromTable(table)} OFFSET 0) t`,
  );
  return { schema, name, columns, rows: rows[0]?.rows ?? 0, sum: rows[0]?.sum ?? '0' };
}

/** Counts rows without reading their values. */
export async function countRows(
  client: pg.ClientBase,
  oids: readonly number[],
): Promise<{ schema: string; name: string; rows: number }[]> {
  const counts: { schema: string; name: string; rows: number }[] = [];
  for (const table of await listTables(client, { oids })) {
    counts.push({ schema: table.schema, name: table.name, rows: await countTable(client, table) });
  }
  return counts;
}

export async function countTable(client: pg.ClientBase, table: ScannableTable): Promise<number> {
  const { rows } = await client.query<{ rows: number }>(`SELECT count(*) AS rows FROM ${fromTable(table)}`);
  return rows[0]?.rows ?? 0;
}
