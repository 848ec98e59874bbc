import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { ManifestTable } from '@safekeep/archive/manifest-schema';
import { createOpener } from '@safekeep/archive/open';
import { openManifest } from '@safekeep/archive/read-manifest';
import type { Sidecar } from '@safekeep/archive/sidecar';
import type { Secret } from '@safekeep/shared/config/secret';
import type pg from 'pg';
import { chunkNumber } from '../../src/incremental/chunking.js';
import {
  type ChunkClass,
  classifyChunk,
  type KeySet,
  NO_KEYS,
} from '../../src/incremental/classify-chunk.js';
import { keyHash, SECOND_HASH } from '../../src/incremental/key-hash.js';
import { isYoung, readWindow } from '../../src/incremental/transaction-window.js';
import { fromTable, listTables } from '../../src/postgres/scannable-tables.js';

/** A base as its files tell it. */
export interface BaseFiles {
  readonly sidecar: Sidecar;
  readonly directory: string;
  readonly key: Secret;
}

/** Classes of the chunks of one table, as often as they were met, by the table's name as JSON. */
export type ChunkClasses = ReadonlyMap<string, readonly ChunkClass[]>;

interface ChunkRow {
  readonly chunk: number;
  readonly young: boolean;
  readonly rows: number;
  readonly first: string;
  readonly second: string;
}

/** Tells in the client's snapshot what became of each chunk of a base's tables, so that a run can say what it has met. */
export async function classesOfChunks(client: pg.Client, base: BaseFiles): Promise<ChunkClasses> {
  const classes = new Map<string, ChunkClass[]>();
  const name = base.sidecar.companions.find(({ kind }) => kind === 'manifest')?.fileName ?? '';
  const opener = createOpener(base.key.reveal());
  const manifest = await openManifest(createReadStream(join(base.directory, name)).pipe(opener));
  const window = await readWindow(client, base.sidecar.snapshot.xmin);
  for await (const then of manifest.tables) {
    const [now] = await listTables(client, { names: [then] });
    if (now?.key == null || then.key === null) continue;
    const young = isYoung(window);
    const { rows } = await client.query<ChunkRow>(
      `SELECT c AS chunk, young, count(*) AS rows, sum(k)::text AS first, sum(${SECOND_HASH})::text AS second
       FROM (SELECT ${chunkNumber(then.key.chunking)} AS c, ${keyHash(now.key)} AS k, ${young} AS young
             FROM ${fromTable(now)} OFFSET 0) t GROUP BY c, young`,
    );
    classes.set(JSON.stringify([then.schema, then.name]), classify(then, rows));
  }
  return classes;
}

function classify(then: ManifestTable, rows: readonly ChunkRow[]): ChunkClass[] {
  const before = new Map((then.key?.chunks ?? []).map(([chunk, ...keys]) => [chunk, keySet(...keys)]));
  const found = (chunk: number, young: boolean) => {
    const row = rows.find((candidate) => candidate.chunk === chunk && candidate.young === young);
    return row === undefined ? NO_KEYS : keySet(row.rows, row.first, row.second);
  };
  return [...new Set([...before.keys(), ...rows.map(({ chunk }) => chunk)])].map((chunk) =>
    classifyChunk(before.get(chunk) ?? NO_KEYS, found(chunk, false), found(chunk, true)),
  );
}

function keySet(rows: number, first: string, second: string): KeySet {
  return { rows, first: BigInt(first), second: BigInt(second) };
}
