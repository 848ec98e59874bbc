import type pg from 'pg';
import { fromTable, type ScannableTable } from '../postgres/scannable-tables.js';
import { KEY_HASH_CANARY, keyHash, SECOND_HASH } from './key-hash.js';

/** All keys of a table, whatever the order of its rows. */
export interface TableKeys {
  readonly rows: number;
  /** The two sums of the keys' hashes. */
  readonly sums: readonly [string, string];
}

/** `null` where the table has no key. */
export async function readKeys(client: pg.ClientBase, table: ScannableTable): Promise<TableKeys | null> {
  if (table.key === null) return null;
  const { rows: found } = await client.query<{ rows: number; first: string; second: string }>(
    `SELECT count(*) AS rows, coalesce(sum(k), 0)::text AS first, coalesce(sum(${SECOND_HASH}), 0)::text AS second
     FROM (SELECT ${keyHash(table.key)} AS k FROM ${fromTable(table)} OFFSET 0) t`,
  );
  const { rows = 0, first = '0', second = '0' } = found[0] ?? {};
  return { rows, sums: [first, second] };
}

/** What a sidecar calls `keyHashCanary`: servers that give the same one hash keys alike. */
export async function readKeyHashCanary(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ canary: string }>(`SELECT (${KEY_HASH_CANARY})::text AS canary`);
  return rows[0]?.canary ?? '';
}
