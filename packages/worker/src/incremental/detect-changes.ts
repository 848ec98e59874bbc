import type { ManifestKey, ManifestTable } from '@safekeep/archive/manifest-schema';
import { readDumpedTables } from '../postgres/dumped-tables.js';
import { listTables, type ScannableTable } from '../postgres/scannable-tables.js';
import type { Snapshot } from '../postgres/snapshot.js';
import { detectTable } from './detect-table.js';
import type { TableChange } from './table-change.js';
import type { TransactionWindow } from './transaction-window.js';

/** A table of both snapshots and what became of it. */
export interface DetectedTable {
  readonly base: {
    readonly rows: number;
    readonly sum: string;
    /** `null` where rows are not told apart by it. */
    readonly key: Pick<ManifestKey, 'columns' | 'chunking'> | null;
  };
  readonly table: ScannableTable;
  readonly change: TableChange;
}

/** All tables in the manifest's order, or why they cannot be compared, as a sentence for people. */
export type DetectedChanges =
  | { readonly kind: 'detected'; readonly tables: readonly DetectedTable[] }
  | { readonly kind: 'incomparable'; readonly reason: string };

/**
 * Compares the snapshot's tables with the base's, one or two scans a table. Before this: both have the same schema, the
 * server was not restarted in between, and the window is not too wide.
 *
 * @throws errors of PostgreSQL and those of `manifest`
 */
export async function detectChanges(
  snapshot: Snapshot,
  base: { readonly tables: readonly object[] },
  manifest: AsyncIterable<ManifestTable>,
  window: TransactionWindow,
): Promise<DetectedChanges> {
  const { client } = snapshot;
  const oids = (await readDumpedTables(client)).map(({ oid }) => oid);
  const present = new Map((await listTables(client, { oids })).map((table) => [keyOf(table), table]));
  const tables: DetectedTable[] = [];
  const detection = { client, window, encoding: snapshot.text.encoding };
  for await (const then of manifest) {
    const table = present.get(keyOf(then));
    if (table === undefined) return incomparable(`The table ${titleOf(then)} is gone.`);
    present.delete(keyOf(then));
    const change = await detectTable(detection, then, table);
    // Which rows of it a restore makes with the extension, and which it loads, no delta could tell.
    if (table.filter !== null && change.kind !== 'unchanged')
      return incomparable(`The configuration table ${titleOf(then)} of an extension changed.`);
    tables.push({ base: baseOf(then, change), table, change });
  }
  const more = [...present.values()][0];
  if (more !== undefined) return incomparable(`The base does not know the table ${titleOf(more)}.`);
  if (tables.length !== base.tables.length)
    return incomparable('The base has other tables than its manifest.');
  return { kind: 'detected', tables };
}

/** Without the chunks: of all tables together they have no bound. */
function baseOf({ rows, sum, key }: ManifestTable, change: TableChange): DetectedTable['base'] {
  if (key === null || change.kind !== 'rows') return { rows, sum, key: null };
  return { rows, sum, key: { columns: key.columns, chunking: key.chunking } };
}

function incomparable(reason: string): DetectedChanges {
  return { kind: 'incomparable', reason };
}

function keyOf(table: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([table.schema, table.name]);
}

function titleOf(table: { readonly schema: string; readonly name: string }): string {
  return `${table.schema}.${table.name}`;
}
