import type { Random } from './random.js';
import { SCHEMA_CHANGES } from './schema-changes.js';
import { openSession, runSql } from './session.js';
import { freeTables, type SourceWorld, touch } from './source-world.js';
import { insertable, listOf, nameOf, quoted, type TableName } from './table-spec.js';
import { counted, endOpen } from './transactions.js';

/** What may happen to a source beside transactions that change rows: none of it makes an incremental a full. */
type WorldChange = (world: SourceWorld) => Promise<unknown>;

const someLeaf = (world: SourceWorld): TableName =>
  world.random.pick(freeTables(world).flatMap(({ leaves }) => leaves));
const run = (world: SourceWorld, sql: string) => world.session.query(sql);

async function cluster(world: SourceWorld): Promise<void> {
  const keyed = freeTables(world).filter(
    ({ key, leaves, traits }) => key && leaves.length === 1 && !traits.has('generated'),
  );
  const table = world.random.pick(keyed);
  const { rows } = await world.session.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indisprimary AND i.indrelid = $1::regclass`,
    [nameOf(table)],
  );
  await run(world, `CLUSTER ${nameOf(table)} USING ${quoted(rows[0]?.name ?? '')}`);
  // The index would stay marked, which pg_dump tells.
  await run(world, `ALTER TABLE ${nameOf(table)} SET WITHOUT CLUSTER`);
}

/** Rows that are frozen as soon as they are there. */
async function copyFreeze(world: SourceWorld): Promise<void> {
  const tables = freeTables(world).filter(
    ({ group, traits }) => group !== 'family' && !traits.has('inheritance') && !traits.has('foreign keys'),
  );
  const table = world.random.pick(tables);
  const leaf = world.random.pick(table.leaves);
  const columns = listOf(insertable(table));
  if (columns === '') return;
  touch(world, table.group);
  const half = `ctid::text < (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ctid::text) FROM ONLY ${nameOf(leaf)})`;
  await run(
    world,
    `COPY (SELECT ${columns} FROM ONLY ${nameOf(leaf)} WHERE ${half}) TO '${world.serverFile}'`,
  );
  await run(
    world,
    `BEGIN; TRUNCATE ${nameOf(leaf)}; COPY ${nameOf(leaf)} (${columns}) FROM '${world.serverFile}' (FREEZE); COMMIT`,
  ).catch(async (error: unknown) => {
    await run(world, 'ROLLBACK');
    throw error;
  });
}

/** Several transactions lock the same rows: what stands in xmax is then no transaction. */
async function lockRows(world: SourceWorld): Promise<void> {
  const leaf = nameOf(someLeaf(world));
  const other = await openSession(world.url);
  try {
    await run(world, `BEGIN; SELECT 1 FROM ONLY ${leaf} FOR KEY SHARE`);
    await other.query(`BEGIN; SELECT 1 FROM ONLY ${leaf} FOR SHARE; COMMIT`);
    await run(world, `SELECT 1 FROM (SELECT 1 FROM ONLY ${leaf} LIMIT 5 FOR UPDATE) r`);
  } finally {
    await run(world, 'COMMIT');
    await other.end();
  }
}

/** Two schemas with the same table change their names: only the tables' oids tell. */
async function swapTwins(world: SourceWorld): Promise<void> {
  if (!world.twinsAlike) return;
  touch(world, 'twins');
  await run(
    world,
    `BEGIN; ALTER SCHEMA "twin a" RENAME TO "twin x"; ALTER SCHEMA "twin b" RENAME TO "twin a";
     ALTER SCHEMA "twin x" RENAME TO "twin b"; COMMIT`,
  );
}

async function relink(world: SourceWorld): Promise<void> {
  if (!freeTables(world).some(({ group }) => group === 'family')) return;
  touch(world, 'family');
  for (const statement of world.plan.family.relink(world.random.salt())) await run(world, statement);
}

export const WORLD_CHANGES = {
  'vacuum freeze': (world) => run(world, `VACUUM (FREEZE) ${nameOf(someLeaf(world))}`),
  'vacuum freeze of all': (world) => run(world, 'VACUUM (FREEZE)'),
  vacuum: (world) => run(world, `VACUUM ANALYZE ${nameOf(someLeaf(world))}`),
  'vacuum full': (world) => run(world, `VACUUM FULL ${nameOf(someLeaf(world))}`),
  cluster,
  reindex: (world) => run(world, `REINDEX TABLE ${nameOf(someLeaf(world))}`),
  'copy freeze': copyFreeze,
  'locked rows': lockRows,
  'swapped twins': swapTwins,
  'rows refer to others': relink,
  'a sequence goes on': (world) =>
    run(
      world,
      `SELECT nextval($$"a 'sequence'"$$), setval('untouched', ${world.random.between(1, 9999)}, ${world.random.chance(0.5)})`,
    ),
  'a materialized view is refreshed': (world) =>
    run(world, `REFRESH MATERIALIZED VIEW ${nameOf(world.plan.views[0] ?? { schema: '', name: '' })}`),
} as const satisfies Readonly<Record<string, WorldChange>>;
export const WORLD_CHANGE_NAMES = Object.keys(WORLD_CHANGES) as readonly (keyof typeof WORLD_CHANGES)[];

export async function changeWorld(
  world: SourceWorld,
  kind = world.random.pick(WORLD_CHANGE_NAMES),
): Promise<void> {
  await counted(world, 'other changes', kind, () => WORLD_CHANGES[kind](world));
}

const LARGE_OBJECT_CHANGES: Readonly<Record<string, (random: Random) => string>> = {
  'a removed empty large object': () => 'SELECT lo_unlink(min(oid)) FROM pg_largeobject_metadata',
  'bytes of a large object': (random) =>
    `SELECT lo_put(max(oid), ${random.between(0, 3)}, '\\x42') FROM pg_largeobject_metadata`,
  'a comment on a large object': () => onFirstLargeObject("COMMENT ON LARGE OBJECT %s IS 'seen'"),
  'a right on a large object': () => onFirstLargeObject('GRANT SELECT ON LARGE OBJECT %s TO pg_monitor'),
  'a new large object': (random) => `SELECT lo_from_bytea(0, '\\x${'ab'.repeat(random.between(0, 50))}')`,
  'a removed large object': () => 'SELECT lo_unlink(max(oid)) FROM pg_largeobject_metadata',
  'a truncated large object': () =>
    `SELECT lo_truncate(lo_open(oid, 131072), 1) FROM pg_largeobject_metadata ORDER BY oid LIMIT 1`,
};

function onFirstLargeObject(statement: string): string {
  return `DO $do$ BEGIN EXECUTE format($s$${statement}$s$, (SELECT min(oid) FROM pg_largeobject_metadata)); END $do$`;
}

export type Cause = 'schema' | 'large objects' | 'another database';

/** Does what the next incremental has to notice by being a full. */
export async function injectCause(world: SourceWorld, serial: number): Promise<void> {
  const { random } = world;
  const causes = ['schema', 'another database', 'schema', 'large objects'] as const;
  const cause = causes[(world.seed + serial) % causes.length] ?? 'schema';
  if (cause === 'another database') {
    await endOpen(world);
    return replaceDatabase(world);
  }
  const schema = cause === 'schema';
  const kinds = Object.keys(schema ? SCHEMA_CHANGES : LARGE_OBJECT_CHANGES);
  const before = await largeObjects(world);
  const turn = schema ? world.seed * 7 + serial : Math.floor(world.seed / causes.length);
  const kind = !schema && before === '' ? 'a new large object' : (kinds[turn % kinds.length] ?? '');
  const sql = schema
    ? SCHEMA_CHANGES[kind]?.(world.plan, random, serial)
    : LARGE_OBJECT_CHANGES[kind]?.(random);
  const done = await counted(world, cause, kind, () => run(world, sql ?? ''));
  if (done && schema) world.twinsAlike = false;
  if (done) world.allowed.add(cause);
  if (done && (schema || before !== (await largeObjects(world)))) world.causes.add(cause);
}

async function largeObjects(world: SourceWorld): Promise<string> {
  const { rows } = await world.session.query<{ all: string }>(
    `SELECT coalesce(string_agg(concat_ws(':', oid, md5(lo_get(oid)), lomacl, obj_description(oid, 'pg_largeobject')), ',' ORDER BY oid), '') AS all
     FROM pg_largeobject_metadata`,
  );
  return rows[0]?.all ?? '';
}

/** A copy of the database takes its place: every row has the same transaction as before. */
async function replaceDatabase(world: SourceWorld): Promise<void> {
  if (world.open.length > 0) return;
  await world.session.end();
  const copy = `${world.database}_copy`;
  await runSql(
    world.server.postgres.url('postgres'),
    `CREATE DATABASE ${copy} TEMPLATE ${world.database}`,
    `DROP DATABASE ${world.database}`,
    `ALTER DATABASE ${copy} RENAME TO ${world.database}`,
  );
  world.session = await openSession(world.url);
  world.causes.add('another database');
  world.tally.add('another database', 'a copy in its place');
}
