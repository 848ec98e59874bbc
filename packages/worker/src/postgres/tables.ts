import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import { fail } from '@safekeep/shared/errors';
import pg from 'pg';
import type { Snapshot } from './snapshot.js';

/** A table whose rows a dump must hold. */
export interface SourceTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Bytes on the source's disk with its TOAST table, without indexes. */
  readonly bytes: number;
}

/** The tables that the snapshot sees, and the size of the large objects in bytes. */
export interface SourceContents {
  readonly tables: readonly SourceTable[];
  readonly largeObjectBytes: number;
  readonly largeObjects: number;
}

/** Ordinary tables (partitions among them) that belong to no extension: exactly these must be in a full dump. */
const TABLES = `
  SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, pg_catalog.pg_table_size(c.oid) AS bytes
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
                    AND d.objid = c.oid AND d.deptype = 'e')`;

const LARGE_OBJECTS = `
  SELECT (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata) AS "largeObjects",
         pg_catalog.pg_table_size('pg_catalog.pg_largeobject') AS "largeObjectBytes"`;

/** Reads what a dump of this snapshot will hold. Waits for locks as long as pg_dump would. */
export async function readContents(snapshot: Snapshot): Promise<SourceContents> {
  const tables = await snapshot.client.query<SourceTable>(TABLES);
  const { rows } = await snapshot.client.query<Omit<SourceContents, 'tables'>>(LARGE_OBJECTS);
  return { tables: tables.rows, ...(rows[0] as Omit<SourceContents, 'tables'>) };
}

/** The rows of one table, counted in the dump's own snapshot. */
export interface TableRows {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
}

/**
 * Counts the rows of every table whose data the archive holds, through the snapshot, not through the dump: so a dump
 * that lost rows can be told.
 */
export async function countRows(snapshot: Snapshot, entries: readonly TocEntry[]): Promise<TableRows[]> {
  const filters = await extensionFilters(snapshot);
  const counted: TableRows[] = [];
  for (const table of await dumpedTables(snapshot, entries)) {
    const name = `${pg.escapeIdentifier(table.schema)}.${pg.escapeIdentifier(table.name)}`;
    const { rows } = await snapshot.client.query<{ rows: number }>(
      `SELECT count(*) AS rows FROM ONLY ${name} ${filters.get(table.oid) ?? ''}`,
    );
    counted.push({ schema: table.schema, name: table.name, rows: rows[0]?.rows ?? 0 });
  }
  return counted;
}

/** Names from the catalogue, not from the archive: those are in the encoding of the database. */
async function dumpedTables(
  snapshot: Snapshot,
  entries: readonly TocEntry[],
): Promise<{ oid: number; schema: string; name: string }[]> {
  const oids = entries.filter((entry) => entry.desc === 'TABLE DATA').map((entry) => entry.catalogOid);
  const { rows } = await snapshot.client.query<{ oid: number; schema: string; name: string }>(
    `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = ANY ($1::int8[]) ORDER BY n.nspname, c.relname`,
    [oids],
  );
  return rows;
}

/** Of an extension's configuration table pg_dump takes the rows that the extension's condition names. */
async function extensionFilters(snapshot: Snapshot): Promise<Map<number, string>> {
  const { rows } = await snapshot.client.query<{ oid: number; filter: string }>(`
    SELECT unnest(extconfig)::int8 AS oid, unnest(extcondition) AS filter FROM pg_catalog.pg_extension
    WHERE extconfig IS NOT NULL`);
  return new Map(rows.map((row) => [row.oid, row.filter]));
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
