import type { Readable } from 'node:stream';
import { Secret } from '@safekeep/shared/config/secret';
import { clientOptions } from '@safekeep/shared/history/database';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { postgresServer } from '../../../../shared/test/servers.js';
import { rowsEncoding } from '../../../src/incremental/apply/staging.js';
import { chunkNumber, findChunking } from '../../../src/incremental/chunking.js';
import type { DeltaPlan, DeltaRows, DeltaTable } from '../../../src/incremental/delta-plan.js';
import { READING_SETTINGS } from '../../../src/postgres/reading-settings.js';
import { HASH_NUMBER, rowHash } from '../../../src/postgres/row-hash.js';
import { fromTable, listTables, type ScannableTable } from '../../../src/postgres/scannable-tables.js';
import { readSequenceValues } from '../../../src/postgres/sequence-values.js';
import { readTableContent } from '../../../src/postgres/table-contents.js';

/** What is known at the base. */
export interface Base {
  readonly database: string;
  /** Of the source, when it was like the base. */
  readonly xmin: string;
}

const BASE = 'full_backup_20240101_000000.pgdump.enc.gz';
const INCREMENT = 'incremental_backup_20240102_000000.pgdump.enc.gz';

/**
 * The plan of an increment, found by looking at the base's copy as well, which no backup can: whatever the detection does, the
 * archive is tested by itself. `whole` names tables whose rows are all replaced.
 */
export async function planOf(source: string, base: Base, whole: readonly string[] = []): Promise<DeltaPlan> {
  return withClient(source, (now) => withClient(base.database, (then) => compare(now, then, base, whole)));
}

async function compare(
  now: pg.Client,
  then: pg.Client,
  base: Base,
  whole: readonly string[],
): Promise<DeltaPlan> {
  const encoding = await one<string>(now, `SELECT current_setting('server_encoding')`);
  const oids = await now.query<{ oid: number }>(
    `SELECT c.oid::int8 AS oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE relkind = 'r' AND nspname !~ '^pg_|^information_schema$'`,
  );
  const changed: DeltaTable[] = [];
  const unchanged: DeltaPlan['unchanged'][number][] = [];
  for (const table of await listTables(now, { oids: oids.rows.map(({ oid }) => oid) })) {
    const before = await readTableContent(then, table, encoding);
    const after = await readTableContent(now, table, encoding);
    if (before.rows === after.rows && before.sum === after.sum)
      unchanged.push({ ...after, filter: table.filter });
    else if (table.key === null || whole.includes(table.name)) {
      const replaced = { replace: null, base: before, newRows: after, rowsAfter: after.rows };
      changed.push({ ...(await columnsOf(now, table)), ...replaced });
    } else {
      const newRows = await newContent(now, table, base, encoding);
      const replace = {
        key: table.key.map(({ name, equals }) => ({ name, equals })),
        kept: await keptOf(now, then, table, base),
      };
      changed.push({
        ...(await columnsOf(now, table)),
        replace,
        base: before,
        newRows,
        rowsAfter: after.rows,
      });
    }
  }
  const named = await now.query(`SELECT n.nspname AS schema, c.relname AS name FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind = 'S'`);
  const views = await now.query(
    `SELECT schemaname AS schema, matviewname AS name, ispopulated AS populated FROM pg_matviews ORDER BY 1, 2`,
  );
  return {
    base: { id: '', fileName: BASE },
    increment: { id: '', fileName: INCREMENT },
    encoding,
    database: 'clinic',
    serverVersion: '15.1',
    pgDumpVersion: '15.1',
    changed,
    unchanged,
    sequences: await readSequenceValues(now, named.rows),
    refresh: views.rows,
  };
}

async function columnsOf(client: pg.Client, table: ScannableTable) {
  const { rows } = await client.query<{ name: string; generated: boolean }>(
    `SELECT attname AS name, attgenerated <> '' AS generated FROM pg_attribute
     WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [table.oid],
  );
  const isKey = (name: string) => table.key?.some((column) => column.name === name) ?? false;
  return {
    schema: table.schema,
    name: table.name,
    filter: table.filter,
    staged: rows.filter(({ name, generated }) => !generated || isKey(name)).map(({ name }) => name),
    inserted: rows.filter(({ generated }) => !generated).map(({ name }) => name),
    hashedValues: table.values,
  };
}

async function newContent(client: pg.Client, table: ScannableTable, base: Base, encoding: string) {
  const { rows } = await client.query<{ rows: number; sum: string }>(
    `SELECT count(*) AS rows, coalesce(sum(${HASH_NUMBER}), 0)::text AS sum
     FROM (SELECT ${rowHash(table.values, encoding)} AS h FROM ${fromTable(table)} WHERE ${isNew(base)} OFFSET 0) t`,
  );
  return rows[0] as { rows: number; sum: string };
}

/** Chunks from which a row of the base is gone are listed; the bounds are those of the base. */
async function keptOf(now: pg.Client, then: pg.Client, table: ScannableTable, base: Base) {
  const [there] = await listTables(then, { names: [table] });
  const chunking = await findChunking(then, {
    ...(there as ScannableTable),
    estimatedRows: Math.max(12_000, there?.estimatedRows ?? 0),
  });
  if (chunking === null) throw new Error('a table with a key has chunks');
  const count = (where: string) =>
    `SELECT ${chunkNumber(chunking)} AS c, count(*) AS n FROM ${fromTable(table)} WHERE ${where} GROUP BY 1`;
  const before = new Map((await then.query(count('true'))).rows.map(({ c, n }) => [c, n]));
  const old = new Map((await now.query(count(`NOT ${isNew(base)}`))).rows.map(({ c, n }) => [c, n]));
  const chunks = [...before.keys()].filter((chunk) => old.get(chunk) !== before.get(chunk));
  const rows = chunks.reduce((sum, chunk) => sum + (old.get(chunk) ?? 0), 0);
  return chunks.length === 0 ? null : { chunking, chunks, rows };
}

function isNew({ xmin }: Base): string {
  return `(xmin::text::int8 >= ${xmin})`;
}

/** Reads the rows of a plan in the client's transaction. */
export function rowsOf(client: pg.Client, base: Base, plan: DeltaPlan): DeltaRows {
  const copy = (columns: readonly string[], { schema, name }: DeltaTable, where: string): Readable => {
    const list = columns.map((column) => pg.escapeIdentifier(column)).join(', ');
    const from = `ONLY ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
    const encoding = rowsEncoding(plan.encoding);
    const text = `COPY (SELECT ${list} FROM ${from} WHERE ${where}) TO STDOUT WITH (ENCODING '${encoding}')`;
    return client.query(copyTo(text));
  };
  return {
    newRows: (table) => copy(table.staged, table, table.replace === null ? 'true' : isNew(base)),
    keptKeys: (table) => {
      const kept = table.replace?.kept;
      if (!table.replace || !kept) throw new Error('no keys are kept');
      const where = `${chunkNumber(kept.chunking)} IN (${kept.chunks.join(', ')}) AND NOT ${isNew(base)}`;
      const columns = table.replace.key.map(({ name }) => name);
      return copy(columns, table, where);
    },
  };
}

export async function withClient<Result>(
  database: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client(clientOptions(new Secret((await postgresServer()).url(database))));
  await client.connect();
  try {
    await client.query(READING_SETTINGS);
    return await work(client);
  } finally {
    await client.end();
  }
}

async function one<Value>(client: pg.Client, text: string): Promise<Value> {
  const { rows } = await client.query({ text, rowMode: 'array' });
  return (rows[0] as Value[])[0] as Value;
}
