import type pg from 'pg';

/** What changes the meaning of stored rows and is in no definition that pg_dump writes. A type: its values go to JSON. */
export type SchemaFacts = {
  /** Name, version, and which rows of its configuration tables belong to the database. */
  readonly extensions: readonly (readonly string[])[];
  /** SHA-256 over the numbers of all columns. */
  readonly columns: string;
};

/**
 * A column that is dropped and added again has another number and the old definition: all its values are others then, though
 * no row was written. Likewise an attribute of a composite type.
 */
const COLUMNS = `
  SELECT encode(sha256(convert_to(coalesce(string_agg(format('%I.%I %s', n.nspname, c.relname, a.columns), E'\\n'
      ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"), ''), getdatabaseencoding())), 'hex') AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT string_agg(format('%s %I', attnum, attname), ',' ORDER BY attnum) AS columns
    FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a
  WHERE c.relkind IN ('r', 'c') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

const EXTENSIONS = `
  SELECT e.extname::text AS name, e.extversion AS version, coalesce(string_agg(format('%s: %s', c.oid::regclass, c.condition), E'\\n'
    ORDER BY c.oid::regclass::text COLLATE "C"), '') AS tables
  FROM pg_extension e LEFT JOIN LATERAL unnest(e.extconfig, e.extcondition) c (oid, condition) ON true
  GROUP BY e.oid ORDER BY e.extname::text COLLATE "C"`;

/** Needs an empty search path, so that names are printed whole. */
export async function readSchemaFacts(client: pg.ClientBase): Promise<SchemaFacts> {
  const { rows } = await client.query<{ columns: string }>(COLUMNS);
  const extensions = await client.query<{ name: string; version: string; tables: string }>(EXTENSIONS);
  return {
    columns: rows[0]?.columns ?? '',
    extensions: extensions.rows.map(({ name, version, tables }) => [name, version, tables]),
  };
}
