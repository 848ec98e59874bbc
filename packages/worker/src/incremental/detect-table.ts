import type { ManifestTable } from '@safekeep/archive/manifest-schema';
import type pg from 'pg';
import type { KeyColumn, ScannableTable } from '../postgres/scannable-tables.js';
import { countTable, readTableContent } from '../postgres/table-contents.js';
import { hasYoung, scanChanges } from './scan-changes.js';
import type { TableChange } from './table-change.js';
import type { TransactionWindow } from './transaction-window.js';

/** How a table is looked at. */
export interface Detection {
  readonly client: pg.ClientBase;
  readonly window: TransactionWindow;
  /** Of the source's database. */
  readonly encoding: string;
}

/** The share of new rows from which on all are stored: replacing them one by one takes a restore longer then. */
const WHOLE_SHARE = 0.5;

/** Finds out what became of one table since the base. Changed rows that nothing can tell apart mean the whole table. */
export async function detectTable(
  detection: Detection,
  base: ManifestTable,
  now: ScannableTable,
): Promise<TableChange> {
  const { client, window, encoding } = detection;
  if (now.oid !== base.oid) return whole(detection, now, 'another table stands under its name');
  if (now.accessMethod !== 'heap' || base.accessMethod !== 'heap')
    return whole(detection, now, `its access method is ${now.accessMethod}`);
  const written = await hasYoung(client, now, window);
  if (!written && (await countTable(client, now)) === base.rows)
    return { kind: 'unchanged', rows: base.rows };
  if (base.key === null || !hasKey(now, base.key.columns)) return whole(detection, now, 'no primary key');
  const found = await scanChanges(client, now, base.key, window, encoding);
  if (found.impossible) return whole(detection, now, 'its chunks contradict the base');
  const { newRows, newSum, keptChunks, keptRows, keys } = found;
  const { rows } = keys;
  if (newRows > WHOLE_SHARE * rows) return whole(detection, now, `${newRows} of ${rows} rows are new`);
  const keySums = [String(keys.first), String(keys.second)] as const;
  return { kind: 'rows', rows, newRows, newSum, keptChunks, keptRows, keySums };
}

function hasKey(
  table: ScannableTable,
  columns: readonly { readonly name: string; readonly equals: string }[],
): table is ScannableTable & { readonly key: readonly KeyColumn[] } {
  const { key } = table;
  return (
    key?.length === columns.length &&
    key.every(({ name, equals }, at) => name === columns[at]?.name && equals === columns[at]?.equals)
  );
}

async function whole(
  { client, encoding }: Detection,
  table: ScannableTable,
  why: string,
): Promise<TableChange> {
  const { rows, sum } = await readTableContent(client, table, encoding);
  return { kind: 'whole', rows, sum, why };
}
