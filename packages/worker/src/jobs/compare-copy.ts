import type { Sidecar } from '@safekeep/archive/sidecar';
import type { Finding } from '@safekeep/shared/contracts/finding';
import { errorCode } from '@safekeep/shared/logger';
import pg from 'pg';
import { targetFailure } from '../postgres/target-failure.js';

/** What a copy is to hold: all that the sidecar says, or some tables of it. */
export interface ExpectedCopy {
  readonly tables: Sidecar['tables'];
  /** `null` when large objects were not restored. */
  readonly largeObjects: number | null;
}

/** Compares rows and large objects of a restored copy with what the authenticated sidecar says of the source. */
export async function compareCopy(
  client: pg.Client,
  expected: ExpectedCopy,
  onTable: (done: number) => void,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    const filters = await extensionFilters(client);
    for (const [at, table] of expected.tables.entries()) {
      const object = `${table.schema}.${table.name}`;
      const rows = await countRows(client, table, filters.get(object) ?? '');
      if (rows === null) findings.push({ kind: 'table', object, expected: 'there', actual: 'missing' });
      else if (rows !== table.rows)
        findings.push({ kind: 'rows', object, expected: table.rows, actual: rows });
      onTable(at + 1);
    }
    if (expected.largeObjects !== null) {
      const { rows } = await client.query<{ count: number }>(
        'SELECT count(*) AS count FROM pg_catalog.pg_largeobject_metadata',
      );
      const actual = rows[0]?.count ?? 0;
      if (actual !== expected.largeObjects) {
        const kind = 'large-objects';
        findings.push({ kind, object: 'large objects', expected: expected.largeObjects, actual });
      }
    }
    return findings;
  } catch (error) {
    throw targetFailure('count the rows of the copy', error);
  }
}

async function countRows(
  client: pg.Client,
  table: { readonly schema: string; readonly name: string },
  filter: string,
): Promise<number | null> {
  const name = `${pg.escapeIdentifier(table.schema)}.${pg.escapeIdentifier(table.name)}`;
  try {
    const { rows } = await client.query<{ rows: number }>(
      `SELECT count(*) AS rows FROM ONLY ${name} ${filter}`,
    );
    return rows[0]?.rows ?? 0;
  } catch (error) {
    if (/^(42P01|3F000)$/.test(errorCode(error))) return null;
    throw error;
  }
}

/** Of an extension's configuration table pg_dump took the rows that the extension's condition names. */
async function extensionFilters(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; filter: string }>(`
    SELECT n.nspname || '.' || c.relname AS name, e.filter
    FROM (SELECT unnest(extconfig) AS oid, unnest(extcondition) AS filter FROM pg_catalog.pg_extension
          WHERE extconfig IS NOT NULL) e
    JOIN pg_catalog.pg_class c ON c.oid = e.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`);
  return new Map(rows.map((row) => [row.name, row.filter]));
}
