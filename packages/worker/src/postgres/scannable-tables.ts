import pg from 'pg';

/** One column of a primary key. */
export interface KeyColumn {
  readonly name: string;
  /** The key's own idea of equality: `OPERATOR(pg_catalog.=)`. */
  readonly equals: string;
  /** As format_type names it, of a domain the type below it. */
  readonly type: string;
  /** Whether that is a type of PostgreSQL itself. */
  readonly builtin: boolean;
  /** Whether all of its values have the same size. */
  readonly fixed: boolean;
  readonly generated: boolean;
  /** How many values the planner expects; 0 where it knows nothing, negative: a share of the rows. */
  readonly distinct: number;
}

/** What must be known of a table to read its rows as a fingerprint and an incremental do. */
export interface ScannableTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** pg_am.amname */
  readonly accessMethod: string;
  /** Names of the columns whose values count, sorted by code point; generated ones follow from others. */
  readonly columns: readonly string[];
  /** SQL: the values of a row, in the order of `columns`; a bytea is stood in for by its SHA-256. */
  readonly values: string;
  /** Names of the same columns in the table's order. */
  readonly stored: readonly string[];
  /** SQL: which rows of an extension's configuration table pg_dump takes; `null` for all other tables. */
  readonly filter: string | null;
  /** The server's guess. */
  readonly estimatedRows: number;
  /** `null` without a primary key that a b-tree keeps. */
  readonly key: readonly KeyColumn[] | null;
}

/** Which tables to read: by oid, or by name. */
export type TableChoice =
  | { readonly oids: readonly number[] }
  | { readonly names: readonly { readonly schema: string; readonly name: string }[] };

/** Rows of a page where the planner knows nothing. */
const ROWS_OF_PAGE = 50;

const COLUMNS = `
  SELECT array_agg(attname::text ORDER BY attname::text COLLATE "C") AS columns,
    array_agg(attname::text ORDER BY attnum) AS stored,
    string_agg(format(CASE WHEN atttypid = 'bytea'::regtype THEN 'sha256(%I)' ELSE '%I' END, attname), ', '
      ORDER BY attname::text COLLATE "C") AS values
  FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`;

const KEY = `
  SELECT json_agg(json_build_object('name', a.attname, 'equals', format('OPERATOR(%I.%s)', opn.nspname, op.oprname),
      'type', format_type(b.oid, NULL), 'builtin', b.typnamespace = 'pg_catalog'::regnamespace, 'fixed', b.typlen > 0,
      'generated', a.attgenerated <> '',
      'distinct', coalesce(s.n_distinct, 0)) ORDER BY n) AS key
  FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid
  JOIN pg_am am ON am.oid = ic.relam AND am.amname = 'btree'
  CROSS JOIN generate_series(0, i.indnkeyatts - 1) n
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n]
  JOIN pg_opclass oc ON oc.oid = i.indclass[n]
  JOIN pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amopstrategy = 3
    AND ao.amoplefttype = oc.opcintype AND ao.amoprighttype = oc.opcintype
  JOIN pg_operator op ON op.oid = ao.amopopr JOIN pg_namespace opn ON opn.oid = op.oprnamespace
  JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
  LEFT JOIN pg_stats s ON s.schemaname = c_n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND NOT s.inherited
  WHERE i.indrelid = c.oid AND i.indisprimary`;

/**
 * The chosen tables that are there, in the order of their names. Names come from the catalogue, not from an archive:
 * those are in the encoding of the database.
 */
export async function listTables(client: pg.ClientBase, choice: TableChoice): Promise<ScannableTable[]> {
  const byOid = 'oids' in choice;
  const chosen = byOid
    ? 'c.oid = ANY ($1::int8[])'
    : '(c_n.nspname, c.relname) IN (SELECT * FROM unnest($1::text[], $2::text[]))';
  const values = byOid
    ? [choice.oids]
    : [choice.names.map((table) => table.schema), choice.names.map((table) => table.name)];
  const { rows } = await client.query<ScannableTable>(
    `SELECT c.oid::int8 AS oid, c_n.nspname AS schema, c.relname AS name, am.amname AS "accessMethod",
       coalesce(a.columns, '{}') AS columns, coalesce(a.stored, '{}') AS stored, coalesce(a.values, '') AS values, x.filter, k.key,
       round(pg_relation_size(c.oid) / current_setting('block_size')::int8
         * CASE WHEN c.reltuples > 0 AND c.relpages > 0 THEN c.reltuples / c.relpages ELSE ${ROWS_OF_PAGE} END)::int8
         AS "estimatedRows"
     FROM pg_class c JOIN pg_namespace c_n ON c_n.oid = c.relnamespace JOIN pg_am am ON am.oid = c.relam
     LEFT JOIN LATERAL (${COLUMNS}) a ON true
     LEFT JOIN LATERAL (${KEY}) k ON true
     LEFT JOIN (SELECT unnest(extconfig) AS oid, unnest(extcondition) AS filter FROM pg_extension) x ON x.oid = c.oid
     WHERE c.relkind = 'r' AND ${chosen} ORDER BY c_n.nspname, c.relname`,
    values,
  );
  return rows;
}

/** SQL: the rows of exactly this table that pg_dump takes. `sample` stands behind the name. */
export function fromTable(table: ScannableTable, sample = ''): string {
  const name = `${pg.escapeIdentifier(table.schema)}.${pg.escapeIdentifier(table.name)}`;
  return `ONLY ${name} ${sample} ${table.filter ?? ''}`;
}
