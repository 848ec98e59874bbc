import type { ObjectKind } from '@safekeep/archive/sidecar-schema';
import type pg from 'pg';

export interface ObjectDefinition {
  readonly kind: ObjectKind;
  /** Such as `patients_pkey on public.patients`; without quotes, as versions quote differently. */
  readonly name: string;
  /** As this server prints it. Other major versions may print the same thing in other words. */
  readonly definition: string;
}

/** Schemas that people made, and `public`. */
const OURS = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** An extension's members come with it, in its own version. */
const notOfExtension = (catalog: string, oid: string) =>
  `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;

/** Columns by name, for their order differs where some were dropped; that a default is there is a matter of its text. */
const TABLES = `
  SELECT 'table' AS kind, format('%s.%s', n.nspname, c.relname) AS name, concat_ws(' ', c.relkind, c.relpersistence,
    c.relrowsecurity, c.relforcerowsecurity, pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid),
    (SELECT string_agg(format('%s.%s', pn.nspname, p.relname), ',' ORDER BY pn.nspname, p.relname)
     FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
     WHERE i.inhrelid = c.oid),
    (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
       a.attgenerated, CASE WHEN a.attcollation <> t.typcollation THEN (SELECT collname FROM pg_collation o WHERE o.oid = a.attcollation) END,
       pg_get_expr(e.adbin, e.adrelid)), '; ' ORDER BY a.attname::text COLLATE "C")
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)) AS definition
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND ${OURS} AND ${notOfExtension('pg_class', 'c.oid')}`;

/** Those that a partition has from its parent come back with it, under names of the server's choice. */
const CONSTRAINTS = `
  SELECT 'constraint', format('%s on %s', o.conname,
      CASE WHEN o.conrelid <> 0 THEN format('%s.%s', rn.nspname, r.relname) ELSE format('%s.%s', n.nspname, t.typname) END),
    pg_get_constraintdef(o.oid)
  FROM pg_constraint o JOIN pg_namespace n ON n.oid = o.connamespace
  LEFT JOIN pg_class r ON r.oid = o.conrelid LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
  LEFT JOIN pg_type t ON t.oid = o.contypid
  WHERE o.contype IN ('p', 'u', 'f', 'c', 'x') AND o.conparentid = 0 AND ${OURS}
    AND coalesce(r.relpersistence, 'p') <> 't'
    AND ${notOfExtension('pg_constraint', 'o.oid')} AND ${notOfExtension('pg_class', 'o.conrelid')}
    AND ${notOfExtension('pg_type', 'o.contypid')}`;

/** pg_dump leaves indexes out that were never finished. */
const INDEXES = `
  SELECT 'index', format('%s on %s.%s', c.relname, n.nspname, r.relname), pg_get_indexdef(c.oid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class r ON r.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = r.relnamespace
  WHERE r.relkind IN ('r', 'p', 'm') AND r.relpersistence <> 't' AND (i.indisvalid OR r.relkind = 'p') AND ${OURS}
    AND ${notOfExtension('pg_class', 'r.oid')}`;

const VIEWS = `
  SELECT 'view', format('%s.%s', n.nspname, c.relname), concat_ws(' ', c.relkind, pg_get_viewdef(c.oid))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND ${OURS} AND ${notOfExtension('pg_class', 'c.oid')}`;

/** The body of a function in SQL's own style is printed, one that is text stands as it was written. */
const bodyOf = (version: number) =>
  version >= 140_000 ? 'coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)' : 'p.prosrc';

const functions = (version: number) => `
  SELECT 'function', format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
    concat_ws(' ', p.prokind, l.lanname, p.provolatile, p.proisstrict, p.prosecdef, p.proretset, p.proconfig::text,
      pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), ${bodyOf(version)})
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
  WHERE ${OURS} AND ${notOfExtension('pg_proc', 'p.oid')}
    -- A range type's constructors belong to it.
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')`;

const TRIGGERS = `
  SELECT 'trigger', format('%s on %s.%s', t.tgname, n.nspname, c.relname), concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid))
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT t.tgisinternal AND c.relpersistence <> 't' AND ${OURS} AND ${notOfExtension('pg_class', 'c.oid')}`;

/** Without the roles it is for: the copy's server need not have them. */
const POLICIES = `
  SELECT 'policy', format('%s on %s.%s', p.polname, n.nspname, c.relname),
    concat_ws(' ', p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${OURS} AND ${notOfExtension('pg_class', 'c.oid')}`;

/** Enumerations, domains, ranges and composite types that are no table's. */
const TYPES = `
  SELECT 'type', format('%s.%s', n.nspname, t.typname), concat_ws(' ', t.typtype, t.typnotnull, t.typdefault,
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
    (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
    (SELECT format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid),
    (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod)), '; ' ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE t.typtype IN ('e', 'd', 'r', 'c') AND coalesce(c.relkind, 'c') = 'c' AND ${OURS}
    AND ${notOfExtension('pg_type', 't.oid')}`;

/** What is fetched at once. */
const BATCH = 5_000;

/** The definitions of what a dump holds beside rows, in batches. Needs an empty search path, so that names are printed whole. */
export async function* readDefinitions(
  client: pg.ClientBase,
): AsyncGenerator<readonly ObjectDefinition[], void, undefined> {
  const { rows } = await client.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  );
  const queries = [
    TABLES,
    CONSTRAINTS,
    INDEXES,
    VIEWS,
    functions(rows[0]?.version ?? 0),
    TRIGGERS,
    POLICIES,
    TYPES,
  ];
  await client.query(`DECLARE definitions NO SCROLL CURSOR FOR ${queries.join(' UNION ALL ')}`);
  for (;;) {
    const batch = await client.query<ObjectDefinition>(`FETCH ${BATCH} FROM definitions`);
    if (batch.rows.length === 0) break;
    yield batch.rows;
  }
  await client.query('CLOSE definitions');
}

export interface Extension {
  readonly name: string;
  readonly version: string;
}

export async function readExtensions(client: pg.ClientBase): Promise<Extension[]> {
  const { rows } = await client.query<Extension>(
    'SELECT extname::text AS name, extversion AS version FROM pg_extension ORDER BY extname::text COLLATE "C"',
  );
  return rows;
}
