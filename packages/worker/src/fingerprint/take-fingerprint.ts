import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import { createFingerprintKey } from '@safekeep/archive/fingerprint-key';
import type { SidecarFingerprint } from '@safekeep/archive/sidecar-schema';
import { manifestLines } from '@safekeep/archive/write-manifest';
import type pg from 'pg';
import { scanTable } from '../incremental/scan-table.js';
import { schemaHash } from '../incremental/schema-hash.js';
import { readLargeObjectContents } from '../postgres/large-object-contents.js';
import { readLargeObjectState } from '../postgres/large-object-state.js';
import { readDefinitions, readExtensions } from '../postgres/object-definitions.js';
import { listTables } from '../postgres/scannable-tables.js';
import { readSchemaFacts } from '../postgres/schema-facts.js';
import type { Snapshot } from '../postgres/snapshot.js';
import { readWalPositions, waitUntilDurable } from '../postgres/wal-position.js';
import { archivedSequences } from './archived-sequences.js';
import type { ObjectMark, TableMark } from './fingerprint.js';
import { markLargeObjects, markObject, markTable } from './marks.js';

interface FingerprintJob {
  readonly backupId: string;
  readonly snapshot: Snapshot;
  /** Of the dump. */
  readonly entries: readonly TocEntry[];
  readonly passphrase: string;
  readonly chunkRows: number | undefined;
}

/** What a sidecar says of the snapshot's contents. */
export interface TakenFingerprint {
  readonly tables: readonly Required<TableMark>[];
  readonly fingerprint: SidecarFingerprint;
}

/**
 * The most that objects may take in a sidecar, in bytes; beyond that they are left out, and a recovery test says that they
 * were not compared. Rows and contents are never left out.
 */
const MAX_OBJECT_BYTES = 40 * 1024 * 1024;
/** What an object takes in a sidecar beside its name, in bytes. */
const OBJECT_BYTES = 60;
/**
 * How long the log is waited for, in milliseconds, while the dump runs. PostgreSQL writes it out within 15 s also where it
 * could not be hurried and an open transaction is the only one that wrote.
 */
const LOG_PATIENCE = 30_000;

/**
 * Counts and hashes the rows of every table whose data the archive holds, and all else that a copy is compared by, through
 * the snapshot, not through the dump: so a dump that lost rows can be told. The same scan of a table gives its line of the
 * manifest, which `writeManifest` takes as they come.
 *
 * @param logPatience milliseconds
 * @throws errors of PostgreSQL and those of `writeManifest`
 */
export async function takeFingerprint(
  job: FingerprintJob,
  writeManifest: (lines: AsyncIterable<string>) => Promise<void>,
  logPatience = LOG_PATIENCE,
): Promise<TakenFingerprint> {
  const { snapshot, entries } = job;
  const { client } = snapshot;
  const { key, sealed } = await createFingerprintKey(job.passphrase);
  const largeObjects = await readLargeObjectContents(client);
  const written = await readWalPositions(client);
  const head = {
    backupId: job.backupId,
    schemaHash: schemaHash(entries, await readSchemaFacts(client)),
    durable: await waitUntilDurable(client, written, logPatience, snapshot.hurryLog),
    largeObjects: await readLargeObjectState(client, largeObjects),
  };
  const tables: Required<TableMark>[] = [];
  const onTable = (table: Required<TableMark>) => tables.push(table);
  await writeManifest(manifestLines(head, scanTables(job, key, onTable)));
  const fingerprint: SidecarFingerprint = {
    version: 1,
    sealedKey: sealed,
    largeObjectsHash: markLargeObjects(largeObjects, key),
    sequences: archivedSequences(entries),
    extensions: await readExtensions(client),
    objects: await markObjects(client, key),
  };
  return { tables, fingerprint };
}

async function* scanTables(
  { snapshot, entries, chunkRows }: FingerprintJob,
  key: Buffer,
  onTable: (mark: Required<TableMark>) => void,
) {
  for (const table of await listTables(snapshot.client, { oids: dumpedTables(entries) })) {
    const { content, manifest } = await scanTable(snapshot.client, table, snapshot.text.encoding, chunkRows);
    onTable(markTable(content, key));
    yield manifest;
  }
}

/** Oids of the tables whose rows an archive holds. */
export function dumpedTables(entries: readonly TocEntry[]): number[] {
  return entries.filter((entry) => entry.desc === 'TABLE DATA').map((entry) => entry.catalogOid);
}

/** `null` where they would take too much room. */
export async function markObjects(client: pg.ClientBase, key: Buffer): Promise<ObjectMark[] | null> {
  const marks: ObjectMark[] = [];
  let bytes = 0;
  for await (const batch of readDefinitions(client)) {
    for (const definition of batch) {
      bytes += OBJECT_BYTES + 2 * definition.name.length;
      marks.push(markObject(definition, key));
    }
    if (bytes > MAX_OBJECT_BYTES) return null;
  }
  return marks;
}
