import type { ArchiveContents } from './inspect.js';
import type { Sidecar } from './sidecar.js';

/** What a sidecar says of its archive. */
type Claimed = Pick<Sidecar, 'tables' | 'largeObjects' | 'archiveSize' | 'delta'>;

/** Where an increment's archive puts what it brings, until that is applied. */
export const STAGING_SCHEMA = 'safekeep_delta';

/**
 * The first difference between what an archive holds and what its sidecar says, as a sentence without row values; `null`
 * when each table occurs once in both, with the same number of rows, and large objects and size are the same. The archive
 * of an increment holds its staging tables; the tables that its sidecar names are what it and its base amount to.
 */
export function differenceOf(contents: ArchiveContents, claimed: Claimed): string | null {
  const { delta } = claimed;
  const tables = delta?.staged.map((staged) => ({ schema: STAGING_SCHEMA, ...staged })) ?? claimed.tables;
  return (
    differentTable(contents, tables) ??
    differentNumber('holds', contents.largeObjects, 'large objects', delta ? 0 : claimed.largeObjects) ??
    differentNumber('has', contents.bytes, 'bytes', claimed.archiveSize)
  );
}

function differentTable(contents: ArchiveContents, claimed: ArchiveContents['tables']): string | null {
  const unclaimed = new Map<string, number>();
  for (const table of contents.tables) {
    // pg_restore would fill the table twice.
    if (unclaimed.has(key(table))) return `${title(table)} occurs twice in the archive`;
    unclaimed.set(key(table), table.rows);
  }
  for (const table of claimed) {
    const rows = unclaimed.get(key(table));
    if (rows === undefined) return `${title(table)} is not in the archive`;
    if (rows !== table.rows) {
      return `${title(table)} has ${rows} rows in the archive, the sidecar says ${table.rows}`;
    }
    unclaimed.delete(key(table));
  }
  return unclaimed.size === 0 ? null : 'the archive holds tables that the sidecar does not name';
}

function differentNumber(verb: string, found: number, of: string, claimed: number): string | null {
  return found === claimed ? null : `the archive ${verb} ${found} ${of}, the sidecar says ${claimed}`;
}

function key(table: { schema: string; name: string }): string {
  return JSON.stringify([table.schema, table.name]);
}

function title(table: { schema: string; name: string }): string {
  return `the table ${table.schema}.${table.name}`;
}
