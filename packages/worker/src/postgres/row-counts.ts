import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import pg from 'pg';
import type { Snapshot } from './snapshot.js';
import { queryFailure } from './source-failure.js';

/** The rows of one table, counted in the dump's own snapshot. */
export interface TableRows {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
}

/**
 * Counts the rows of every table whose data the archive holds, through the snapshot, not through the dump: so a dump
 * that lost rows can be told.
 * @throws SafekeepError DUMP_FAILED, DUMP_REFUSED
 */
export async function countRows(snapshot: Snapshot, entries: readonly TocEntry[]): Promise<TableRows[]> {
  try {
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
  } catch (error) {
    throw queryFailure({ source: snapshot.source, phase: 'rows', table: null }, error);
  }
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
