import type pg from 'pg';
import { READING_SETTINGS } from '../../src/postgres/reading-settings.js';
import { readSequenceValues } from '../../src/postgres/sequence-values.js';
import { nameOf, quoted } from './table-spec.js';

/** All that a database holds, as texts that are compared one by one. */
export interface Contents {
  /** By quoted name: each row's text, sorted. */
  readonly tables: ReadonlyMap<string, readonly string[]>;
  readonly sequences: ReadonlyMap<string, string>;
  /** Names of materialized views, and whether they were ever filled. */
  readonly views: ReadonlyMap<string, boolean>;
  readonly largeObjects: readonly string[];
}

interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly populated: boolean;
  /** Sorted: pg_dump may give a child of an inherited table its columns in another order. */
  readonly columns: readonly string[];
}

/** Reads a database in the client's transaction. */
export async function readContents(client: pg.Client): Promise<Contents> {
  await client.query(READING_SETTINGS);
  const { rows: relations } = await client.query<Relation>(
    `SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relispopulated AS populated,
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
             ORDER BY attname::text COLLATE "C") AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm', 'S') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'`,
  );
  const of = (kind: string) => relations.filter((relation) => relation.kind === kind);
  const tables = new Map<string, string[]>();
  for (const table of of('r'))
    tables.set(nameOf(table), await readRows(client, `ONLY ${nameOf(table)}`, table.columns));
  const sequences = await readSequenceValues(client, of('S'));
  const { rows: objects } = await client.query<{ text: string }>(
    `SELECT oid || ':' || encode(sha256(lo_get(oid)), 'hex') AS text FROM pg_largeobject_metadata ORDER BY oid`,
  );
  return {
    tables,
    sequences: new Map(sequences.map((one) => [nameOf(one), `${one.lastValue} ${one.isCalled}`])),
    views: new Map(of('m').map((view) => [nameOf(view), view.populated])),
    largeObjects: objects.map(({ text }) => text),
  };
}

/** The text of a row tells apart what is equal and not the same. */
export async function readRows(
  client: pg.Client,
  from: string,
  columns?: readonly string[],
): Promise<string[]> {
  const row = columns === undefined ? 't' : `ROW(${columns.map((name) => `t.${quoted(name)}`).join(', ')})`;
  const { rows } = await client.query<{ text: string }>(`SELECT ${row}::text AS text FROM ${from} t`);
  return rows.map(({ text }) => text).sort();
}
