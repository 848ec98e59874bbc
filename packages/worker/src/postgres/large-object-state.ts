import type { ManifestHead } from '@safekeep/archive/manifest-schema';
import type pg from 'pg';
import { isYoung, type TransactionWindow } from '../incremental/transaction-window.js';
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
  const remarks = await countRemarks(client);
  return { count: contents.count, remarks, pages, sum: pages === null ? contents.sum : null };
}

async function countRemarks(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ remarks: number }>(REMARKS);
  return rows[0]?.remarks ?? 0;
}

async function countPages(client: pg.ClientBase): Promise<number | null> {
  const { rows } = await client.query<{ readable: boolean }>(READABLE);
  if (rows[0]?.readable !== true) return null;
  const pages = await client.query<{ pages: number }>('SELECT count(*) AS pages FROM pg_largeobject');
  return pages.rows[0]?.pages ?? 0;
}

/**
 * Whether large objects, their owners, privileges or comments are others than the base saw. An old page that is still there
 * is as it was, so that a count of pages tells the rest.
 */
export async function largeObjectsChanged(
  client: pg.ClientBase,
  base: LargeObjectState,
  window: TransactionWindow,
): Promise<boolean> {
  const counted = await client.query<{ count: number }>(
    'SELECT count(*) AS count FROM pg_largeobject_metadata',
  );
  if (counted.rows[0]?.count !== base.count || (await countRemarks(client)) !== base.remarks) return true;
  const young = isYoung(window);
  const written = [
    `pg_largeobject_metadata WHERE ${young}`,
    `pg_description WHERE classoid = 'pg_largeobject'::regclass AND ${young}`,
    `pg_seclabel WHERE classoid = 'pg_largeobject'::regclass AND ${young}`,
  ];
  for (const rows of written) if (await exists(client, rows)) return true;
  const pages = await countPages(client);
  if (pages !== null && base.pages !== null)
    return pages !== base.pages || exists(client, `pg_largeobject WHERE ${young}`);
  return base.sum === null || (await readLargeObjectContents(client)).sum !== base.sum;
}

async function exists(client: pg.ClientBase, rows: string): Promise<boolean> {
  const found = await client.query<{ exists: boolean }>(`SELECT EXISTS (SELECT FROM ${rows})`);
  return found.rows[0]?.exists === true;
}
