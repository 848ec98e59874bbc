import type pg from 'pg';

/** A table whose rows pg_dump would read, as the client's snapshot sees it. */
export interface DumpedTable {
  readonly oid: number;
  /** Quoted where needed, with its schema. */
  readonly name: string;
  /** pg_class.relfilenode */
  readonly file: number;
}

/** Tables of the database, and those of extensions that hold settings of it. */
export async function readDumpedTables(client: pg.ClientBase): Promise<DumpedTable[]> {
  const { rows } = await client.query<DumpedTable>(`
    SELECT c.oid::int8 AS oid, format('%I.%I', n.nspname, c.relname) AS name, c.relfilenode::int8 AS file
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND (c.relpersistence <> 'u' OR NOT pg_is_in_recovery())
      AND (NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        OR EXISTS (SELECT FROM pg_extension e WHERE c.oid = ANY (e.extconfig)))
    ORDER BY c.oid`);
  return rows;
}
