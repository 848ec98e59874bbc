import type { ManifestHead, ManifestTable } from '@safekeep/archive/manifest-schema';
import { createOpener } from '@safekeep/archive/open';
import { openManifest } from '@safekeep/archive/read-manifest';
import { filesOf } from '@safekeep/shared/storage/backup-names';
import type { TakenBackup } from '../jobs/stored-backup-of.js';

export interface StoredManifest {
  readonly head: ManifestHead;
  readonly tables: readonly ManifestTable[];
}

/** The manifest that lies beside a backup, decrypted and whole. */
export async function storedManifest({ stored, sidecar }: TakenBackup): Promise<StoredManifest> {
  const file = await stored.storage.open(filesOf(sidecar.fileName).manifest);
  if (file === null) throw new Error('there is no manifest');
  try {
    const plain = file.read().pipe(createOpener(stored.encryptionKey.reveal()));
    const { head, tables } = await openManifest(plain);
    const all: ManifestTable[] = [];
    for await (const table of tables) all.push(table);
    return { head, tables: all };
  } finally {
    await file.close();
  }
}
