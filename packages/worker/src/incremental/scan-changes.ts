import type { Chunk, Chunking } from '@safekeep/archive/manifest-schema';
import type pg from 'pg';
import { HASH_NUMBER, rowHash } from '../postgres/row-hash.js';
import { fromTable, type KeyColumn, type ScannableTable } from '../postgres/scannable-tables.js';
import { chunkNumber } from './chunking.js';
import { classifyChunk, type KeySet, NO_KEYS, plus } from './classify-chunk.js';
import { keyHash, SECOND_HASH } from './key-hash.js';
import { isYoung, type TransactionWindow } from './transaction-window.js';

interface ChunkRow {
  readonly chunk: number;
  readonly young: boolean;
  readonly rows: number;
  readonly first: string;
  readonly second: string;
  /** `null` of old rows, whose contents are not read. */
  readonly sum: string | null;
}

interface ChunkNow {
  readonly old: KeySet;
  readonly young: KeySet;
}

/** What became of the rows of a table with a key. */
export interface ScannedChanges {
  readonly newRows: number;
  readonly newSum: string;
  /** Of chunks of class `other`. */
  readonly keptChunks: readonly number[];
  readonly keptRows: number;
  readonly keys: KeySet;
  /** Whether a chunk says what cannot be. */
  readonly impossible: boolean;
}

/** Whether a table has a young row. Where it has one this is known soon, and then the rest need not be counted first. */
export async function hasYoung(
  client: pg.ClientBase,
  table: ScannableTable,
  window: TransactionWindow,
): Promise<boolean> {
  const { rows } = await client.query<{ young: boolean }>(
    `SELECT EXISTS (SELECT FROM (SELECT xmin AS x FROM ${fromTable(table)}) t WHERE ${isYoung(window, 'x')}) AS young`,
  );
  return rows[0]?.young === true;
}

/** Reads a table once and compares its chunks with the base's. */
export async function scanChanges(
  client: pg.ClientBase,
  table: ScannableTable & { readonly key: readonly KeyColumn[] },
  base: { readonly chunking: Chunking; readonly chunks: readonly Chunk[] },
  window: TransactionWindow,
  encoding: string,
): Promise<ScannedChanges> {
  const { rows } = await client.query<ChunkRow>(
    `SELECT c AS chunk, h IS NOT NULL AS young, count(*) AS rows, sum(k)::text AS first, sum(${SECOND_HASH})::text AS second,
       sum(${HASH_NUMBER})::text AS sum
     FROM (SELECT ${chunkNumber(base.chunking)} AS c, ${keyHash(table.key)} AS k,
             CASE WHEN ${isYoung(window)} THEN ${rowHash(table.values, encoding)} END AS h
           FROM ${fromTable(table)} OFFSET 0) t
     GROUP BY c, h IS NOT NULL`,
  );
  return judge(base.chunks, rows);
}

function judge(base: readonly Chunk[], rows: readonly ChunkRow[]): ScannedChanges {
  const before = new Map(base.map(([chunk, count, first, second]) => [chunk, keySet(count, first, second)]));
  const now = gather(rows);
  const numbers = [...new Set([...before.keys(), ...now.keys()])].sort((a, b) => a - b);
  const classes = numbers.map((chunk) => {
    const { old, young } = now.get(chunk) ?? { old: NO_KEYS, young: NO_KEYS };
    return { chunk, old, is: classifyChunk(before.get(chunk) ?? NO_KEYS, old, young) };
  });
  const others = classes.filter(({ is }) => is === 'other');
  return {
    newRows: rows.reduce((sum, row) => sum + (row.young ? row.rows : 0), 0),
    newSum: String(rows.reduce((sum, row) => sum + BigInt(row.sum ?? 0), 0n)),
    keptChunks: others.map(({ chunk }) => chunk),
    keptRows: others.reduce((sum, { old }) => sum + old.rows, 0),
    keys: [...now.values()].reduce((sum, { old, young }) => plus(sum, plus(old, young)), NO_KEYS),
    impossible: classes.some(({ is }) => is === 'impossible'),
  };
}

function gather(rows: readonly ChunkRow[]): Map<number, ChunkNow> {
  const chunks = new Map<number, ChunkNow>();
  for (const { chunk, young, rows: count, first, second } of rows) {
    const known = chunks.get(chunk) ?? { old: NO_KEYS, young: NO_KEYS };
    chunks.set(chunk, { ...known, [young ? 'young' : 'old']: keySet(count, first, second) });
  }
  return chunks;
}

function keySet(rows: number, first: string, second: string): KeySet {
  return { rows, first: BigInt(first), second: BigInt(second) };
}
