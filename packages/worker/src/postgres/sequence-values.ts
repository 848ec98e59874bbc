import pg from 'pg';

export interface SequenceValue {
  readonly schema: string;
  readonly name: string;
  /** Decimal; beyond what a number holds. */
  readonly lastValue: string;
  readonly isCalled: boolean;
}

/** How many sequences one query reads. */
const BATCH = 100;

/** The sequences that pg_dump sets: an extension's own come with it, but for those that it counts as configuration. */
export async function listSequences(
  client: pg.ClientBase,
): Promise<Pick<SequenceValue, 'schema' | 'name'>[]> {
  const { rows } = await client.query<Pick<SequenceValue, 'schema' | 'name'>>(`
    SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND (NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        OR EXISTS (SELECT FROM pg_extension e WHERE c.oid = ANY (e.extconfig)))`);
  return rows;
}

/** The values of those of the named sequences that exist. */
export async function readSequenceValues(
  client: pg.ClientBase,
  named: readonly { readonly schema: string; readonly name: string }[],
): Promise<SequenceValue[]> {
  const { rows: existing } = await client.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'S' AND (n.nspname, c.relname) IN (SELECT * FROM unnest($1::text[], $2::text[]))
     ORDER BY n.nspname, c.relname`,
    [named.map((sequence) => sequence.schema), named.map((sequence) => sequence.name)],
  );
  const values: SequenceValue[] = [];
  for (let at = 0; at < existing.length; at += BATCH) {
    const { rows } = await client.query<SequenceValue>(
      existing
        .slice(at, at + BATCH)
        .map(selectValue)
        .join(' UNION ALL '),
    );
    values.push(...rows);
  }
  return values;
}

function selectValue({ schema, name }: { schema: string; name: string }): string {
  const from = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
  return `SELECT ${pg.escapeLiteral(schema)} AS schema, ${pg.escapeLiteral(name)} AS name,
    last_value::text AS "lastValue", is_called AS "isCalled" FROM ${from}`;
}
