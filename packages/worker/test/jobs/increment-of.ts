import { createHash, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openFingerprintKey } from '@safekeep/archive/fingerprint-key';
import { createGzipFrame } from '@safekeep/archive/gzip-frame';
import { createSealer } from '@safekeep/archive/seal';
import { parseSidecar, type SidecarBody, serializeSidecar } from '@safekeep/archive/sidecar';
import type { SidecarDelta } from '@safekeep/archive/sidecar-schema';
import { Secret } from '@safekeep/shared/config/secret';
import { clientOptions } from '@safekeep/shared/history/database';
import pg from 'pg';
import { postgresServer } from '../../../shared/test/servers.js';
import { markKeys, markTable } from '../../src/fingerprint/marks.js';
import { createDeltaArchive } from '../../src/incremental/delta-archive.js';
import type { DeltaPlan, DeltaTable } from '../../src/incremental/delta-plan.js';
import { readKeyHashCanary, readKeys } from '../../src/incremental/read-keys.js';
import { HASH_NUMBER, rowHash } from '../../src/postgres/row-hash.js';
import { fromTable, listTables, type ScannableTable } from '../../src/postgres/scannable-tables.js';
import { readSequenceValues } from '../../src/postgres/sequence-values.js';
import { readTableContent } from '../../src/postgres/table-contents.js';
import { storedManifest } from '../incremental/stored-manifest.js';
import type { TakenBackup } from './stored-backup-of.js';

/** Tables that changed since the base: by the condition that picks their new rows, or whole (`null`). */
export type Changes = Readonly<Record<string, string | null>>;

interface Made {
  readonly plan: DeltaTable;
  readonly rows: string;
  readonly changed: SidecarDelta['changed'][number];
  readonly table: SidecarBody['tables'][number];
}

let names = 0;

/**
 * Takes an increment by hand: the test says which tables changed and how, and nobody looks for it. Nothing writes to the
 * database meanwhile.
 */
export async function incrementOf(
  base: TakenBackup,
  database: string,
  changes: Changes,
  lies: (body: SidecarBody) => SidecarBody = (body) => body,
): Promise<TakenBackup> {
  const client = new pg.Client(clientOptions(new Secret((await postgresServer()).url(database))));
  await client.connect();
  try {
    await client.query(`SET search_path = ''; SET TimeZone = 'UTC'; SET bytea_output = 'hex'`);
    return await write(base, client, changes, lies);
  } finally {
    await client.end();
  }
}

async function write(
  base: TakenBackup,
  client: pg.Client,
  changes: Changes,
  lies: (body: SidecarBody) => SidecarBody,
): Promise<TakenBackup> {
  const passphrase = base.stored.encryptionKey.reveal();
  const { fingerprint } = base.sidecar;
  if (fingerprint === undefined) throw new Error('the base has no fingerprint');
  const key = await openFingerprintKey(fingerprint.sealedKey, passphrase);
  const before = await storedManifest(base);
  const made: Made[] = [];
  for (const table of await listTables(client, { names: base.sidecar.tables })) {
    const condition = changes[`${table.schema}.${table.name}`];
    const then = before.tables.find(({ schema, name }) => schema === table.schema && name === table.name);
    if (condition === undefined || then === undefined) continue;
    made.push(await readChange(client, table, { condition, base: then, key }));
  }
  const isChanged = (table: { schema: string; name: string }) =>
    made.some(({ plan }) => plan.schema === table.schema && plan.name === table.name);
  const id = randomUUID();
  names += 1;
  const fileName = `incremental_backup_20240101_${String(names).padStart(6, '0')}.pgdump.enc.gz`;
  const sequences = await readSequenceValues(client, fingerprint.sequences);
  const views = await client.query<{ schema: string; name: string }>(
    `SELECT schemaname AS schema, matviewname AS name FROM pg_catalog.pg_matviews`,
  );
  const plan: DeltaPlan = {
    base: { id: base.sidecar.id, fileName: base.sidecar.fileName },
    increment: { id, fileName },
    encoding: base.sidecar.encoding ?? 'UTF8',
    database: base.sidecar.database,
    serverVersion: base.sidecar.postgresVersion,
    pgDumpVersion: base.sidecar.pgDumpVersion,
    changed: made.map((one) => one.plan),
    unchanged: base.sidecar.tables
      .filter((table) => !isChanged(table))
      .map(({ schema, name, rows }) => ({ schema, name, rows, filter: null })),
    sequences,
    refresh: views.rows.map((view) => ({ ...view, populated: true })),
  };
  const rowsOf = new Map(made.map((one) => [one.plan, one.rows]));
  const archive = createDeltaArchive(plan, {
    newRows: (table) => Readable.from([Buffer.from(rowsOf.get(table) ?? '')]),
    keptKeys: () => Readable.from([]),
  });
  let archiveSize = 0;
  archive.on('data', (chunk: Buffer) => {
    archiveSize += chunk.length;
  });
  const chunks: Buffer[] = [];
  await pipeline(
    archive,
    createSealer(passphrase),
    createGzipFrame(),
    async (sealed: AsyncIterable<Buffer>) => {
      for await (const chunk of sealed) chunks.push(chunk);
    },
  );
  const file = Buffer.concat(chunks);
  const { hmac: _, ...body } = base.sidecar;
  const globals = body.companions.filter(({ kind }) => kind === 'globals');
  const now = new Date().toISOString();
  const text = serializeSidecar(
    lies({
      ...body,
      ...{ id, type: 'incremental', baseId: body.id, fileName, startedAt: now, endedAt: now },
      ...{ size: file.length, archiveSize, compression: 'none' },
      checksum: createHash('sha256').update(file).digest('hex'),
      tables: body.tables.map((table) => made.find((one) => isSame(one.plan, table))?.table ?? table),
      fingerprint: { ...fingerprint, sequences: [...sequences] },
      companions: globals,
      delta: {
        version: 1,
        base: { fileName: body.fileName, hmac: base.sidecar.hmac },
        staged: made.map(({ plan: { newRows } }, at) => ({ name: `r${at}`, rows: newRows.rows })),
        changed: made.map((one) => one.changed),
        keyHashCanary: await readKeyHashCanary(client),
      },
    }),
    passphrase,
  );
  const path = join(base.directory, fileName);
  writeFileSync(path, file);
  writeFileSync(`${path}.meta`, text);
  const sidecar = parseSidecar(text, passphrase);
  const stored = { ...base.stored, backup: { id, fileName }, recordedHmac: sidecar.hmac };
  return { ...base, stored, sidecar, file: path };
}

function isSame(left: { schema: string; name: string }, right: { schema: string; name: string }): boolean {
  return left.schema === right.schema && left.name === right.name;
}

interface Change {
  readonly condition: string | null;
  readonly base: { readonly rows: number; readonly sum: string };
  readonly key: Buffer;
}

async function readChange(
  client: pg.Client,
  table: ScannableTable,
  { condition, base, key }: Change,
): Promise<Made> {
  const { schema, name, columns, values } = table;
  const from = `${fromTable(table)} WHERE ${condition ?? 'true'}`;
  const { rows } = await client.query<{ rows: number; sum: string }>(
    `SELECT count(*) AS rows, coalesce(sum(${HASH_NUMBER}), 0)::text AS sum
     FROM (SELECT ${rowHash(values, 'UTF8')} AS h FROM ${from}) t`,
  );
  const newRows = { rows: Number(rows[0]?.rows), sum: rows[0]?.sum ?? '0' };
  const content = await readTableContent(client, table, 'UTF8');
  const lines = await client.query<{ line: string }>(
    `SELECT array_to_string(ARRAY(SELECT coalesce(replace(v, E'\\\\', E'\\\\\\\\'), E'\\\\N')
       FROM unnest(ARRAY[${columns.map((column) => `${pg.escapeIdentifier(column)}::text`).join(', ')}]) v), E'\\t') AS line
     FROM ${from}`,
  );
  const keys = condition === null ? null : await readKeys(client, table);
  const kept = { schema, name, rows: content.rows };
  return {
    plan: {
      ...{ schema, name, filter: null, staged: columns, inserted: columns, hashedValues: values },
      ...{ base: { rows: base.rows, sum: base.sum }, newRows, rowsAfter: content.rows },
      replace: condition === null ? null : { key: [...(table.key ?? [])], kept: null },
    },
    rows: lines.rows.map(({ line }) => `${line}\n`).join(''),
    changed: {
      ...{ schema, name, mode: condition === null ? 'whole' : 'rows', newRows: newRows.rows },
      ...(keys !== null && { keyHash: markKeys(kept, keys.sums, key) }),
    },
    table: keys === null ? markTable(content, key) : kept,
  };
}
