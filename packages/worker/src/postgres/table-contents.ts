import pg from 'pg';

/** What a table holds, whatever the order of its rows and columns. */
export interface TableContent {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  /** Names of the columns whose values count, sorted by code point; generated ones follow from others. */
  readonly columns: readonly string[];
  /** A decimal number: the sum of the rows' 64-bit hashes. */
  readonly sum: string;
}

/** Which tables to read: by oid, or by name. */
export type TableChoice =
  | { readonly oids: readonly number[] }
  | { readonly names: readonly { readonly schema: string; readonly name: string }[] };

interface TableToScan {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** SQL: the values of a row, in the order of `columns`. */
  readonly values: string;
}

/**
 * Reads rows and contents of tables in the client's transaction, one scan a table, in the order of their names.
 *
 * A row's text is that of a PostgreSQL record of its columns (NULL and the empty string differ in it, and no two rows
 * share one), with a bytea standing in as its SHA-256. Its hash is the first 64 bits of the SHA-256 of that text in
 * `encoding`, the source's. The sum of the hashes notices a row that is changed, missing or there twice, and values
 * that changed places.
 */
export async function readTableContents(
  client: pg.ClientBase,
  choice: TableChoice,
  encoding: string,
): Promise<TableContent[]> {
  const filters = await extensionFilters(client);
  const contents: TableContent[] = [];
  for (const { oid, schema, name, columns, values } of await listTables(client, choice)) {
    const from = `ONLY ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)} ${filters.get(oid) ?? ''}`;
    const { rows } = await client.query<{ rows: number; sum: string }>(scan(values, from, encoding));
    contents.push({ schema, name, columns, rows: rows[0]?.rows ?? 0, sum: rows[0]?.sum ?? '0' });
  }
  return contents;
}

/** OFFSET 0 keeps the planner from computing the hash once for each use. A bit string turns into a number cheaply. */
function scan(values: string, from: string, encoding: string): string {
  return `SELECT count(*) AS rows, coalesce(sum(('x' || encode(substr(h, 1, 8), 'hex'))::bit(64)::int8), 0)::text AS sum
    FROM (SELECT sha256(convert_to(ROW(${values})::text, ${pg.escapeLiteral(encoding)})) AS h FROM ${from} OFFSET 0) t`;
}

/** Names from the catalogue, not from the archive: those are in the encoding of the database. */
async function listTables(client: pg.ClientBase, choice: TableChoice): Promise<TableToScan[]> {
  const byOid = 'oids' in choice;
  const chosen = byOid
    ? 'c.oid = ANY ($1::int8[])'
    : '(n.nspname, c.relname) IN (SELECT * FROM unnest($1::text[], $2::text[]))';
  const values = byOid
    ? [choice.oids]
    : [choice.names.map((table) => table.schema), choice.names.map((table) => table.name)];
  const { rows } = await client.query<TableToScan>(
    `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, coalesce(a.columns, '{}') AS columns,
       coalesce(a.values, '') AS values
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN LATERAL (
       SELECT array_agg(attname::text ORDER BY attname::text COLLATE "C") AS columns,
         string_agg(format(CASE WHEN atttypid = 'bytea'::regtype THEN 'sha256(%I)' ELSE '%I' END, attname), ', '
           ORDER BY attname::text COLLATE "C") AS values
       FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
     ) a ON true
     WHERE c.relkind = 'r' AND ${chosen} ORDER BY n.nspname, c.relname`,
    values,
  );
  return rows;
}

/** Of an extension's configuration table pg_dump takes the rows that the extension's condition names. */
async function extensionFilters(client: pg.ClientBase): Promise<Map<number, string>> {
  const { rows } = await client.query<{ oid: number; filter: string }>(`
    SELECT unnest(extconfig)::int8 AS oid, unnest(extcondition) AS filter FROM pg_extension
    WHERE extconfig IS NOT NULL`);
  return new Map(rows.map((row) => [row.oid, row.filter]));
}
