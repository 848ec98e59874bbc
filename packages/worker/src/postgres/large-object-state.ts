import type { ManifestHead } from '@safekeep/archive/manifest-schema';
import type pg from 'pg';
import { type LargeObjectContents, readLargeObjectContents } from './large-object-contents.js';

type LargeObjectState = ManifestHead['largeObjects'];

/** Only superusers may read the pages; others read the objects. */
const READABLE = `SELECT has_table_privilege('pg_largeobject', 'SELECT') AS readable`;

/** Comments and labels are written elsewhere than objects; the objects' own rows have their owners and privileges. */
const REMARKS = `
  SELECT count(*) AS remarks FROM (
    SELECT FROM pg_description WHERE classoid = 'pg_largeobject'::regclass
    UNION ALL SELECT FROM pg_seclabel WHERE classoid = 'pg_largeobject'::regclass) r`;

/** What a later snapshot compares its large objects with. */
export async function readLargeObjectState(
  client: pg.ClientBase,
  contents: LargeObjectContents,
): Promise<LargeObjectState> {
  const pages = await countPages(client);
  const { rows } = await client.query<{ remarks: number }>(REMARKS);
  return {
    count: contents.count,
    remarks: rows[0]?.remarks ?? 0,
    pages,
    sum: pages === null ? contents.sum : null,
  };
}

async function countPages(client: pg.ClientBase): Promise<number | null> {
  const { rows } = await client.query<{ readable: boolean }>(READABLE);
  if (rows[0]?.readable !== true) return null;
  const pages = await client.query<{ pages: number }>('SELECT count(*) AS pages FROM pg_largeobject');
  return pages.rows[0]?.pages ?? 0;
}

/** Rows that are younger than the base, by what they belong to. */
const young = (from: string) =>
  `EXISTS (SELECT FROM ${from} AND age(xmin) BETWEEN 0 AND age(($1::int8 & 4294967295)::text::xid))`;

const YOUNG = `
  SELECT ${young('pg_largeobject_metadata WHERE true')} OR ${young(`pg_description WHERE classoid = 'pg_largeobject'::regclass`)}
    OR ${young(`pg_seclabel WHERE classoid = 'pg_largeobject'::regclass`)} AS young`;
const YOUNG_PAGES = `SELECT ${young('pg_largeobject WHERE true')} AS young`;

/**
 * Whether large objects, their owners, privileges or comments are others than the base saw. An old page that is still there
 * is as it was, so that a count of pages tells the rest.
 *
 * @param xmin of the base's snapshot
 */
export async function largeObjectsChanged(
  client: pg.ClientBase,
  base: LargeObjectState,
  xmin: string,
): Promise<boolean> {
  const counted = await client.query<{ count: number }>(
    'SELECT count(*) AS count FROM pg_largeobject_metadata',
  );
  const remarks = await client.query<{ remarks: number }>(REMARKS);
  if (counted.rows[0]?.count !== base.count || remarks.rows[0]?.remarks !== base.remarks) return true;
  if (await tells(client, YOUNG, xmin)) return true;
  const pages = await countPages(client);
  if (pages !== null && base.pages !== null) return pages !== base.pages || tells(client, YOUNG_PAGES, xmin);
  if (base.sum === null) return true;
  return (await readLargeObjectContents(client)).sum !== base.sum;
}

async function tells(client: pg.ClientBase, question: string, xmin: string): Promise<boolean> {
  const { rows } = await client.query<{ young: boolean }>(question, [xmin]);
  return rows[0]?.young === true;
}
