import type pg from 'pg';
import { type Contents, readRows } from './contents.js';

/** What a restored database lacks and has too much, in words; empty where it is the same. */
export function differences(truth: Contents, restored: Contents, sequences: boolean): string[] {
  const found: string[] = [];
  for (const name of new Set([...truth.tables.keys(), ...restored.tables.keys()])) {
    const [expected, actual] = [truth.tables.get(name), restored.tables.get(name)];
    if (expected === undefined || actual === undefined)
      found.push(`${name}: ${actual ? 'not expected' : 'missing'}`);
    else found.push(...rowDifferences(name, expected, actual));
  }
  if (sequences) {
    for (const [name, value] of truth.sequences) {
      const actual = restored.sequences.get(name);
      if (actual !== value) found.push(`sequence ${name}: ${actual} instead of ${value}`);
    }
  }
  for (const [name, populated] of truth.views) {
    if (restored.views.get(name) !== populated) found.push(`view ${name}: filled ${!populated}`);
  }
  if (truth.largeObjects.join() !== restored.largeObjects.join()) found.push('large objects differ');
  return found;
}

/** EXCEPT ALL both ways, of sorted lists. */
function rowDifferences(name: string, expected: readonly string[], actual: readonly string[]): string[] {
  const missing: string[] = [];
  const extra: string[] = [];
  let [left, right] = [0, 0];
  while (left < expected.length || right < actual.length) {
    const [want, have] = [expected[left], actual[right]];
    if (want === have) {
      left += 1;
      right += 1;
    } else if (have === undefined || (want !== undefined && want < have)) {
      missing.push(want ?? '');
      left += 1;
    } else {
      extra.push(have);
      right += 1;
    }
  }
  if (missing.length === 0 && extra.length === 0) return [];
  const example = (rows: readonly string[]) =>
    rows[0] === undefined ? '' : ` such as ${rows[0].slice(0, 200)}`;
  return [
    `${name}: ${missing.length} rows missing${example(missing)}; ${extra.length} too many${example(extra)}`,
  ];
}

/** A materialized view holds what its query gives on the restored tables. */
export async function staleViews(client: pg.Client, views: ReadonlyMap<string, boolean>): Promise<string[]> {
  const stale: string[] = [];
  for (const [name, populated] of views) {
    if (!populated) continue;
    const { rows } = await client.query<{ query: string }>('SELECT pg_get_viewdef($1::regclass) AS query', [
      name,
    ]);
    const query = (rows[0]?.query ?? '').replace(/;$/, '');
    const [held, given] = [await readRows(client, name), await readRows(client, `(${query})`)];
    if (held.join('\n') !== given.join('\n')) stale.push(`view ${name}: not refreshed`);
  }
  return stale;
}
