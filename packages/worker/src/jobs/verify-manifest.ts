import type { Readable } from 'node:stream';
import { ArchiveError } from '@safekeep/archive/archive-error';
import { createOpener } from '@safekeep/archive/open';
import { openManifest } from '@safekeep/archive/read-manifest';
import type { Sidecar } from '@safekeep/archive/sidecar';

/**
 * What is wrong with a manifest whose bytes are as they were written, as a sentence; `null` when it is whole, of this backup,
 * and names the tables and rows that the sidecar does: an incremental would compare with something else.
 */
export async function faultOfManifest(
  sealed: Readable,
  sidecar: Pick<Sidecar, 'id' | 'tables'>,
  passphrase: string,
): Promise<string | null> {
  const opener = createOpener(passphrase);
  sealed.on('error', (error) => opener.destroy(error));
  try {
    const { head, tables } = await openManifest(sealed.pipe(opener));
    if (head.backupId !== sidecar.id) return 'it belongs to another backup';
    const missing = new Map(sidecar.tables.map(({ schema, name, rows }) => [keyOf(schema, name), rows]));
    for await (const { schema, name, rows } of tables) {
      const told = missing.get(keyOf(schema, name));
      if (told !== rows)
        return `it has ${rows} rows of ${schema}.${name}, the sidecar ${told ?? 'no such table'}`;
      missing.delete(keyOf(schema, name));
    }
    return missing.size === 0 ? null : `it lacks ${missing.size} table(s) of the sidecar`;
  } catch (error) {
    if (error instanceof ArchiveError) return error.message;
    throw error;
  } finally {
    sealed.destroy();
    opener.destroy();
  }
}

function keyOf(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}
