import { fail } from '@safekeep/shared/errors';

/** Room for sidecar and companions, in bytes. */
const MARGIN = 16 * 1024 * 1024;
/** Records compress to a tenth or less only in test data; below a twentieth of the tables a volume is surely too small. */
const SURELY_TOO_SMALL = 1 / 20;

/**
 * The least number of bytes that a full backup will take: what the last one took, else a share of the tables' size.
 */
export function expectedBytes(known: {
  readonly lastSize: number | null;
  readonly tableBytes: number;
}): number {
  return MARGIN + (known.lastSize ?? Math.ceil(known.tableBytes * SURELY_TOO_SMALL));
}

interface NamedTable {
  readonly schema: string;
  readonly name: string;
}

/** The same of an incremental: of each changed table the share of its rows that is stored. */
export function expectedDeltaBytes(
  tables: readonly (NamedTable & { readonly bytes: number })[],
  changed: readonly (NamedTable & {
    readonly newRows: { readonly rows: number };
    readonly rowsAfter: number;
  })[],
): number {
  const key = ({ schema, name }: NamedTable) => JSON.stringify([schema, name]);
  const sizes = new Map(tables.map((table) => [key(table), table.bytes]));
  const tableBytes = changed.reduce(
    (sum, table) => sum + (sizes.get(key(table)) ?? 0) * (table.newRows.rows / Math.max(1, table.rowsAfter)),
    0,
  );
  return expectedBytes({ lastSize: null, tableBytes });
}

/** @throws SafekeepError SPACE_TOO_SMALL when less is free than the backup is expected to take. */
export function requireSpace(freeBytes: number, neededBytes: number): void {
  if (freeBytes >= neededBytes) return;
  throw fail('SPACE_TOO_SMALL', { free: megabytes(freeBytes), needed: megabytes(neededBytes) });
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
