import type pg from 'pg';
import { readKeys } from '../incremental/read-keys.js';
import { listTables, type ScannableTable } from '../postgres/scannable-tables.js';
import { countTable, readTableContent } from '../postgres/table-contents.js';
import type { ComparedTable, Fingerprint, FingerprintTerms } from './fingerprint.js';
import { markKeys, markTable } from './marks.js';

interface CopyTerms {
  readonly expected: Fingerprint;
  /** `null` where the backup has no hashes. */
  readonly terms: FingerprintTerms | null;
  /** Of the copy's server. */
  readonly keyHashCanary: string | null;
}

/** The tables of a copy, read as far as the backup's sidecar knows them: contents, else keys, else rows alone. */
export async function readCopiedTables(client: pg.Client, copy: CopyTerms): Promise<ComparedTable[]> {
  const { expected, terms, keyHashCanary } = copy;
  const wanted = new Map(expected.tables.map((table) => [keyOf(table), table]));
  const hashesAlike = keyHashCanary !== null && keyHashCanary === expected.keyHashCanary;
  const tables: ComparedTable[] = [];
  for (const table of await listTables(client, { names: expected.tables })) {
    const { contentHash, keyHash } = wanted.get(keyOf(table)) ?? {};
    if (terms !== null && contentHash !== undefined)
      tables.push(markTable(await readTableContent(client, table, terms.encoding), terms.key));
    else if (terms !== null && keyHash !== undefined && hashesAlike)
      tables.push(await readKeyedTable(client, table, terms.key));
    else tables.push(await readRows(client, table));
  }
  return tables;
}

async function readKeyedTable(client: pg.Client, table: ScannableTable, key: Buffer): Promise<ComparedTable> {
  const keys = await readKeys(client, table);
  if (keys === null) return readRows(client, table);
  const { rows, sums } = keys;
  const { schema, name } = table;
  return { schema, name, rows, keyHash: markKeys({ schema, name, rows }, sums, key) };
}

async function readRows(client: pg.Client, table: ScannableTable): Promise<ComparedTable> {
  const { schema, name } = table;
  return { schema, name, rows: await countTable(client, table) };
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}
