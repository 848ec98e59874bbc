import type pg from 'pg';

export interface MaterializedView {
  readonly schema: string;
  readonly name: string;
  readonly populated: boolean;
}

/** Those that pg_dump would dump, each after the ones that it reads, directly or through views. */
const VIEWS = `
  WITH RECURSIVE reads AS (
    SELECT DISTINCT r.ev_class AS reader, d.refobjid AS source
    FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    JOIN pg_class c ON c.oid = d.refobjid AND c.relkind IN ('v', 'm')
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
  ), places AS (
    SELECT oid AS view, 0 AS place FROM pg_class WHERE relkind = 'm'
    UNION SELECT reads.reader, places.place + 1 FROM places JOIN reads ON reads.source = places.view
  )
  SELECT n.nspname AS schema, c.relname AS name, c.relispopulated AS populated
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN (SELECT view, max(place) AS place FROM places GROUP BY view) p ON p.view = c.oid
  WHERE c.relkind = 'm' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
    AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY p.place, n.nspname, c.relname`;

export async function listMaterializedViews(client: pg.ClientBase): Promise<MaterializedView[]> {
  const { rows } = await client.query<MaterializedView>(VIEWS);
  return rows;
}
