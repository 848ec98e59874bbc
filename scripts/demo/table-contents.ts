import type { Contents, TableContent } from './compare-tables.js';
import { psql } from './psql.js';

/**
 * Counts and hashes every row of every table and materialized view, the large objects and the sequences, in one
 * snapshot. The sum of the row hashes does not depend on the order of the rows.
 */
const CONTENTS = `
SET default_transaction_isolation = 'repeatable read';
BEGIN;
SELECT format(
  $$SELECT %L, count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM %s t;$$, c.oid::regclass, c.oid::regclass)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1
\\gexec
SELECT 'large objects', count(*), coalesce(sum(hashtextextended(oid || encode(sha256(lo_get(oid)), 'hex'), 0)::numeric), 0)
FROM pg_largeobject_metadata;
SELECT 'sequences', count(*), coalesce(sum(hashtextextended(schemaname || '.' || sequencename || ' ' || coalesce(last_value, 0), 0)::numeric), 0)
FROM pg_sequences;
COMMIT;`;

/** Reads what every table of a database holds; `url` is the superuser's. */
export async function tableContents(url: string, signal: AbortSignal): Promise<Contents> {
  const output = await psql(url, CONTENTS, { signal });
  const contents = new Map<string, TableContent>();
  for (const line of output.split('\n')) {
    const [table, rows, hash] = line.split('\t');
    if (table === undefined || rows === undefined || hash === undefined) {
      throw new Error(`psql printed a line that names no table: ${line}`);
    }
    contents.set(table, { rows: Number(rows), hash });
  }
  return contents;
}
