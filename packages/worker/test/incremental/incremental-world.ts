import { randomBytes } from 'node:crypto';
import type { ManifestTable } from '@safekeep/archive/manifest-schema';
import { Secret } from '@safekeep/shared/config/secret';
import { clientOptions } from '@safekeep/shared/history/database';
import pg from 'pg';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import { chunkNumber } from '../../src/incremental/chunking.js';
import type { DeltaTable } from '../../src/incremental/delta-plan.js';
import { deltaTable, keptKeysQuery, newRowsQuery } from '../../src/incremental/delta-table.js';
import { type DetectedChanges, detectChanges } from '../../src/incremental/detect-changes.js';
import { scanTable } from '../../src/incremental/scan-table.js';
import { readWindow, type TransactionWindow } from '../../src/incremental/transaction-window.js';
import { readDumpedTables } from '../../src/postgres/dumped-tables.js';
import { listTables, type TableChoice } from '../../src/postgres/scannable-tables.js';
import { openSnapshot, type Snapshot } from '../../src/postgres/snapshot.js';
import { readTableContent, type TableContent } from '../../src/postgres/table-contents.js';

/** A base: what its manifest would say, and from which transaction on others wrote. */
export interface Base {
  readonly xmin: string;
  readonly tables: readonly ManifestTable[];
}

export interface Increment {
  readonly changes: DetectedChanges;
  readonly window: TransactionWindow;
  /** Rows and content of every table, read in the increment's snapshot. */
  readonly truth: ReadonlyMap<string, TableContent>;
}

export async function open(database: string): Promise<Snapshot> {
  const url = new Secret((await postgresServer()).url(database));
  return openSnapshot({ name: 'main', url }, 5_000);
}

export async function connect(database: string): Promise<pg.Client> {
  const client = new pg.Client(clientOptions(new Secret((await postgresServer()).url(database))));
  await client.connect();
  return client;
}

/** A database with these contents, and a copy of it that stands for a restored base. */
export async function sourceAndCopy(contents: string): Promise<{ source: string; copy: string }> {
  const source = await emptyDatabase();
  await sql(source, contents);
  const copy = `copy_${randomBytes(6).toString('hex')}`;
  await sql('postgres', `CREATE DATABASE ${copy} TEMPLATE ${source}`);
  return { source, copy };
}

export async function takeBase(database: string): Promise<Base> {
  const snapshot = await open(database);
  try {
    const tables: ManifestTable[] = [];
    const oids = (await readDumpedTables(snapshot.client)).map(({ oid }) => oid);
    for (const table of await listTables(snapshot.client, { oids })) {
      const { manifest } = await scanTable(snapshot.client, table, 'UTF8');
      tables.push({ kind: 'table', ...manifest });
    }
    return { xmin: snapshot.facts.xmin, tables };
  } finally {
    await snapshot.close();
  }
}

/** Detects what changed since, and lends `work` the open snapshot. */
export async function detect<T = undefined>(
  database: string,
  base: Base,
  work?: (increment: Increment, snapshot: Snapshot) => Promise<T>,
): Promise<Increment & { worked: T | undefined }> {
  const snapshot = await open(database);
  try {
    const window = await readWindow(snapshot.client, base.xmin);
    const changes = await detectChanges(snapshot, base, each(base.tables), window);
    const oids = (await readDumpedTables(snapshot.client)).map(({ oid }) => oid);
    const truth = await readContents(snapshot.client, { oids });
    const increment = { changes, window, truth };
    return { ...increment, worked: await work?.(increment, snapshot) };
  } finally {
    await snapshot.close();
  }
}

/** Rows and contents by the tables' names. */
export async function readContents(
  client: pg.ClientBase,
  choice: TableChoice,
): Promise<ReadonlyMap<string, TableContent>> {
  const contents = new Map<string, TableContent>();
  for (const table of await listTables(client, choice))
    contents.set(table.name, await readTableContent(client, table, 'UTF8'));
  return contents;
}

/** Does to a copy of the base what an archive's apply statement does, from what the increment stored alone. */
export async function applyTo(
  copy: string,
  { changes, window }: Increment,
  snapshot: Snapshot,
): Promise<void> {
  if (changes.kind !== 'detected') throw new Error(changes.reason);
  const target = await connect(copy);
  try {
    await target.query('SET session_replication_role = replica');
    for (const table of changes.tables.map(deltaTable)) {
      if (table !== null) await applyTable(target, table, snapshot, window);
    }
  } finally {
    await target.end();
  }
}

async function applyTable(
  target: pg.Client,
  table: DeltaTable,
  snapshot: Snapshot,
  window: TransactionWindow,
): Promise<void> {
  const name = `${pg.escapeIdentifier(table.schema)}.${pg.escapeIdentifier(table.name)}`;
  const stage = async (as: string, columns: readonly string[], query: string, expected: number) => {
    await target.query(
      `CREATE TEMP TABLE ${as} AS SELECT ${namesOf(columns)} FROM ONLY ${name} WITH NO DATA`,
    );
    const { rows } = await snapshot.client.query<{ row: string }>(`SELECT q::text AS row FROM (${query}) q`);
    if (rows.length !== expected) throw new Error(`${name}: ${rows.length} rows of ${expected} for ${as}`);
    await target.query(`INSERT INTO ${as} SELECT (unnest($1::text[]::${as}[])).*`, [
      rows.map(({ row }) => row),
    ]);
  };
  if (table.staged.length === 0) {
    await target.query(`DELETE FROM ONLY ${name}`);
    await target.query(`INSERT INTO ${name} SELECT FROM generate_series(1, $1)`, [table.rowsAfter]);
    return;
  }
  await stage('r', table.staged, newRowsQuery(table, window), table.newRows.rows);
  const { replace } = table;
  if (replace === null) await target.query(`DELETE FROM ONLY ${name}`);
  else {
    const same = replace.key
      .map(
        ({ name: column, equals }) =>
          `t.${pg.escapeIdentifier(column)} ${equals} s.${pg.escapeIdentifier(column)}`,
      )
      .join(' AND ');
    await target.query(`DELETE FROM ONLY ${name} t USING r s WHERE ${same}`);
    if (replace.kept !== null) {
      const keys = replace.key.map((column) => column.name);
      await stage('k', keys, keptKeysQuery(table, window), replace.kept.rows);
      await target.query(
        `DELETE FROM ONLY ${name} t WHERE ${chunkNumber(replace.kept.chunking)} = ANY ($1)
        AND NOT EXISTS (SELECT FROM k s WHERE ${same})`,
        [replace.kept.chunks],
      );
    }
  }
  const columns = namesOf(table.inserted);
  await target.query(`INSERT INTO ${name} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM r`);
  await target.query('DROP TABLE r; DROP TABLE IF EXISTS k');
}

function namesOf(columns: readonly string[]): string {
  return columns.map((column) => pg.escapeIdentifier(column)).join(', ');
}

async function* each<T>(things: readonly T[]): AsyncGenerator<T> {
  yield* things;
}
