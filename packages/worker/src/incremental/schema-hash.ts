import { createHash } from 'node:crypto';
import { canonicalJson } from '@safekeep/archive/canonical-json';
import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import type { SchemaFacts } from '../postgres/schema-facts.js';

/** Entries that a dump without data lacks, or that hold data. Rows are compared one by one, sequences are stored anew. */
const DATA = new Set([
  'TABLE DATA',
  'SEQUENCE SET',
  'BLOB',
  'BLOBS',
  'BLOB METADATA',
  'MATERIALIZED VIEW DATA',
  'STATISTICS DATA',
]);
/** Comments, labels and privileges of large objects. */
const LARGE_OBJECT = /^LARGE OBJECTS? \d/;

/**
 * One hash of all definitions, the same for a full dump and a dump of the schema alone of one database: any DDL that pg_dump
 * would tell changes it, the order of the entries, dump ids and oids do not.
 */
export function schemaHash(entries: readonly TocEntry[], facts: SchemaFacts): string {
  const hash = createHash('sha256').update(canonicalJson(facts));
  const definitions = entries.filter(isDefinition).map(canonical);
  for (const definition of definitions.sort()) hash.update('\n').update(definition);
  return hash.digest('hex');
}

function isDefinition({ desc, tag }: TocEntry): boolean {
  return !DATA.has(desc) && !LARGE_OBJECT.test(tag);
}

function canonical(entry: TocEntry): string {
  const { desc, tag, section, defn, namespace, tablespace, tableAccessMethod, relkind, owner } = entry;
  return JSON.stringify([
    desc,
    tag,
    section,
    defn,
    namespace,
    tablespace,
    tableAccessMethod,
    relkind ?? 0,
    owner,
  ]);
}
