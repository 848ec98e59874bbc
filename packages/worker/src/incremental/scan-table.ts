import type { Chunk, ManifestTable } from '@safekeep/archive/manifest-schema';
import type pg from 'pg';
import { HASH_NUMBER, rowHash } from '../postgres/row-hash.js';
import { fromTable, type ScannableTable } from '../postgres/scannable-tables.js';
import { readTableContent, type TableContent } from '../postgres/table-contents.js';
import { chunkNumber, findChunking } from './chunking.js';
import { keyHash, SECOND_HASH } from './key-hash.js';

export interface ScannedTable {
  readonly content: TableContent;
  readonly manifest: Omit<ManifestTable, 'kind'>;
}

interface ChunkRow {
  readonly chunk: number;
  readonly rows: number;
  readonly sum: string;
  readonly first: string;
  readonly second: string;
}

/** Reads a table's rows once, for its content and its chunks together. */
export async function scanTable(
  client: pg.ClientBase,
  table: ScannableTable,
  encoding: string,
  chunkRows?: number,
): Promise<ScannedTable> {
  const { oid, schema, name, accessMethod, columns, key } = table;
  const at = { schema, name, oid, accessMethod };
  const chunking = await findChunking(client, table, chunkRows);
  if (key === null || chunking === null) {
    const content = await readTableContent(client, table, encoding);
    return { content, manifest: { ...at, rows: content.rows, sum: content.sum, key: null } };
  }
  const { rows: found } = await client.query<ChunkRow>(
    `SELECT c AS chunk, count(*) AS rows, sum(${HASH_NUMBER})::text AS sum, sum(k)::text AS first, sum(${SECOND_HASH})::text AS second
     FROM (SELECT ${chunkNumber(chunking)} AS c, ${keyHash(key)} AS k, ${rowHash(table.values, encoding)} AS h
           FROM ${fromTable(table)} OFFSET 0) t GROUP BY c ORDER BY c`,
  );
  const rows = found.reduce((sum, chunk) => sum + chunk.rows, 0);
  const sum = String(found.reduce((total, chunk) => total + BigInt(chunk.sum), 0n));
  const chunks = found.map((chunk): Chunk => [chunk.chunk, chunk.rows, chunk.first, chunk.second]);
  const keyColumns = key.map((column) => ({ name: column.name, equals: column.equals }));
  return {
    content: { schema, name, columns, rows, sum },
    manifest: { ...at, rows, sum, key: { columns: keyColumns, chunking, chunks } },
  };
}
