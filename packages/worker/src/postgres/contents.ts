import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import { fail } from '@safekeep/shared/errors';
import type { Snapshot } from './snapshot.js';
import { queryFailure } from './source-failure.js';

/** A table whose rows a dump must hold. */
export interface SourceTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Bytes on the source's disk with its TOAST table, without indexes. */
  readonly bytes: number;
  /** The server's estimate of its rows; negative when it has none. */
  readonly estimatedRows: number;
}

/** The tables that the snapshot sees, and the size of the large objects in bytes. */
export interface SourceContents {
  readonly tables: readonly SourceTable[];
  readonly largeObjectBytes: number;
  readonly largeObjects: number;
}

/** Ordinary tables (partitions among them) that belong to no extension: exactly these must be in a full dump. */
const TABLES = `
  SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, pg_catalog.pg_table_size(c.oid) AS bytes,
         c.reltuples::float8 AS "estimatedRows"
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't'
    -- A standby has no rows of unlogged tables, and pg_dump leaves them out there.
    AND (c.relpersistence <> 'u' OR NOT pg_catalog.pg_is_in_recovery())
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
                    AND d.objid = c.oid AND d.deptype = 'e')`;

const LARGE_OBJECTS = `
  SELECT (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata) AS "largeObjects",
         pg_catalog.pg_table_size('pg_catalog.pg_largeobject') AS "largeObjectBytes"`;

/**
 * Reads what a dump of this snapshot will hold. Waits for locks as long as pg_dump would.
 * @throws SafekeepError DUMP_FAILED, DUMP_REFUSED
 */
export async function readContents(snapshot: Snapshot): Promise<SourceContents> {
  try {
    const tables = await snapshot.client.query<SourceTable>(TABLES);
    const { rows } = await snapshot.client.query<Omit<SourceContents, 'tables'>>(LARGE_OBJECTS);
    return { tables: tables.rows, ...(rows[0] as Omit<SourceContents, 'tables'>) };
  } catch (error) {
    throw queryFailure({ source: snapshot.source, phase: 'snapshot', table: null }, error);
  }
}

/**
 * Refuses an archive that lacks a table of the snapshot (a dump without tables ends well, too).
 * @throws SafekeepError DUMP_INCOMPLETE
 */
export function requireAllTables(tables: readonly SourceTable[], entries: readonly TocEntry[]): void {
  const dumped = new Set(
    entries.filter((entry) => entry.desc === 'TABLE DATA').map((entry) => entry.catalogOid),
  );
  const missing = tables.filter((table) => !dumped.has(table.oid));
  if (missing.length === 0) return;
  const names = missing.slice(0, 5).map((table) => `${table.schema}.${table.name}`);
  throw fail('DUMP_INCOMPLETE', {
    reason: `${missing.length} table(s) are not in it, such as ${names.join(', ')}`,
  });
}
