import type { Chunking } from '@safekeep/archive/manifest-schema';
import pg from 'pg';
import { fromTable, type KeyColumn, type ScannableTable } from '../postgres/scannable-tables.js';

/** Rows of a chunk. Fewer make a longer manifest, more make an incremental list more keys after a delete. */
const CHUNK_ROWS = 4_000;
/** Most chunks of a table, by whether bounds can be found by halving or must be walked through from the first. */
const MOST_CHUNKS = { fixed: 10_000, walked: 1_000 };
/** Tables up to this size are not sampled but read, for their bounds. */
const SMALL_TABLE = 40_000;
const MOST_SAMPLED = 1_000_000;
const MOST_PERCENT = 10;
/** Most text of a table's bounds in a manifest, in characters. */
const MOST_BOUNDS = 1_000_000;

const INTEGERS = new Set(['smallint', 'integer', 'bigint', 'oid']);
/** Types whose order is the same on every server and whose text every server reads alike. */
const ORDERED = new Set([
  ...INTEGERS,
  'numeric',
  'real',
  'double precision',
  'date',
  'timestamp without time zone',
  'timestamp with time zone',
  'uuid',
  'bytea',
  'inet',
  'macaddr',
]);

interface ChunkColumn {
  readonly column: string;
  readonly asText: boolean;
  readonly type: string;
  readonly chunks: number;
}

/**
 * By which column of its key a table is put into chunks, and into how many: an integer where it has values enough, else the
 * column with the most.
 */
export function chooseChunkColumn(key: readonly KeyColumn[], rows: number, chunkRows: number): ChunkColumn {
  const wanted = Math.ceil(rows / chunkRows);
  const values = (column: KeyColumn) =>
    key.length === 1 || column.distinct < 0 ? Math.abs(column.distinct || -1) * rows : column.distinct;
  const integers = key.filter(isInteger);
  const most = [...integers, ...key].reduce((best, column) =>
    values(column) > values(best) ? column : best,
  );
  const chosen = integers.find((column) => values(column) >= wanted) ?? most;
  const asText = !isOrdered(chosen);
  const limit = chosen.fixed && !asText ? MOST_CHUNKS.fixed : MOST_CHUNKS.walked;
  return {
    column: chosen.name,
    asText,
    type: asText ? 'text' : chosen.type,
    chunks: Math.max(1, Math.min(wanted, limit)),
  };
}

function isInteger(column: KeyColumn): boolean {
  return column.builtin && INTEGERS.has(column.type);
}

function isOrdered(column: KeyColumn): boolean {
  return column.builtin && ORDERED.has(column.type);
}

/** Finds bounds that cut a table into chunks of about the same size, from a sample of its pages. */
export async function findChunking(
  client: pg.ClientBase,
  table: ScannableTable,
  chunkRows = CHUNK_ROWS,
): Promise<Chunking | null> {
  if (table.key === null) return null;
  const { chunks, ...chosen } = chooseChunkColumn(table.key, table.estimatedRows, chunkRows);
  for (let wanted = chunks; wanted > 1; wanted = Math.floor(wanted / 4)) {
    const bounds = await sampleBounds(client, table, { ...chosen, bounds: '{}' }, wanted);
    if (bounds.length <= MOST_BOUNDS) return { ...chosen, bounds };
  }
  return { ...chosen, bounds: '{}' };
}

async function sampleBounds(
  client: pg.ClientBase,
  table: ScannableTable,
  chunking: Chunking,
  wanted: number,
): Promise<string> {
  const percent = Math.min(MOST_PERCENT, (100 * MOST_SAMPLED) / table.estimatedRows);
  // The same pages each time: an unchanged table has the same chunks.
  const sample = table.estimatedRows > SMALL_TABLE ? `TABLESAMPLE SYSTEM (${percent}) REPEATABLE (1)` : '';
  const fractions = `ARRAY(SELECT n / ${wanted}::float8 FROM generate_series(1, ${wanted - 1}) n)`;
  const collation = chunking.asText ? 'COLLATE "C"' : '';
  const { rows } = await client.query<{ bounds: string }>(
    `SELECT coalesce(array_agg(DISTINCT b ${collation} ORDER BY b ${collation})::text, '{}') AS bounds
     FROM (SELECT unnest(percentile_disc(${fractions}) WITHIN GROUP (ORDER BY ${chunkExpression(chunking)})) AS b
           FROM ${fromTable(table, sample)}) s WHERE b IS NOT NULL`,
  );
  return rows[0]?.bounds ?? '{}';
}

/** SQL: what of a row its chunk is told by. */
export function chunkExpression({ column, asText, type }: Chunking): string {
  const name = pg.escapeIdentifier(column);
  return asText ? `(${name})::text COLLATE "C"` : `(${name})::${type}`;
}

/** SQL: the number of a row's chunk. */
export function chunkNumber(chunking: Chunking): string {
  if (chunking.bounds === '{}') return '0';
  return `width_bucket(${chunkExpression(chunking)}, ${pg.escapeLiteral(chunking.bounds)}::${chunking.type}[])`;
}
