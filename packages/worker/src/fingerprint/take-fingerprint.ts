import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import { createFingerprintKey } from '@safekeep/archive/fingerprint-key';
import type { SidecarFingerprint } from '@safekeep/archive/sidecar-schema';
import type pg from 'pg';
import { readLargeObjectContents } from '../postgres/large-object-contents.js';
import { readDefinitions, readExtensions } from '../postgres/object-definitions.js';
import type { Snapshot } from '../postgres/snapshot.js';
import { queryFailure } from '../postgres/source-failure.js';
import { readTableContents } from '../postgres/table-contents.js';
import { archivedSequences } from './archived-sequences.js';
import type { ObjectMark, TableMark } from './fingerprint.js';
import { markLargeObjects, markObject, markTable } from './marks.js';

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
 * Counts and hashes the rows of every table whose data the archive holds, and all else that a copy is compared by, through
 * the snapshot, not through the dump: so a dump that lost rows can be told.
 *
 * @throws SafekeepError DUMP_FAILED, DUMP_REFUSED
 */
export async function takeFingerprint(
  snapshot: Snapshot,
  entries: readonly TocEntry[],
  passphrase: string,
): Promise<TakenFingerprint> {
  const { client } = snapshot;
  try {
    const { key, sealed } = await createFingerprintKey(passphrase);
    const oids = entries.filter((entry) => entry.desc === 'TABLE DATA').map((entry) => entry.catalogOid);
    const contents = await readTableContents(client, { oids }, snapshot.text.encoding);
    const fingerprint: SidecarFingerprint = {
      version: 1,
      sealedKey: sealed,
      largeObjectsHash: markLargeObjects(await readLargeObjectContents(client), key),
      sequences: archivedSequences(entries),
      extensions: await readExtensions(client),
      objects: await markObjects(client, key),
    };
    return { tables: contents.map((content) => markTable(content, key)), fingerprint };
  } catch (error) {
    throw queryFailure({ source: snapshot.source, phase: 'rows', table: null }, error);
  }
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
