import type { Sidecar } from '@safekeep/archive/sidecar';
import type { Secret } from '@safekeep/shared/config/secret';
import { SafekeepError } from '@safekeep/shared/errors';
import type { BackupStorage, DirectoryEntry } from '@safekeep/shared/storage/contract';
import { authenticateSidecar, DistrustError, readSidecarText } from '../jobs/stored-backup.js';

/** A backup as its own files tell it. */
export type CatalogEntry =
  | {
      readonly kind: 'authentic';
      readonly sidecar: Sidecar;
      /** Whether the backup file stands beside it, in the size that the sidecar says; its content is not read. */
      readonly file: 'present' | 'missing' | 'strange';
    }
  | { readonly kind: 'rejected'; readonly name: string; readonly reason: string };

const SIDECAR = /^(?:full|incremental|emergency)_backup_\d{8}_\d{6}\.pgdump\.enc\.gz\.meta$/;

/**
 * Reads the sidecars of a source's directory, one at a time, what others build on first, then the oldest name first, and
 * believes those that the key authenticates and that belong to this source and to the file they stand beside.
 *
 * @param wanted chooses sidecars by the names of their backup files, before anything is read
 * @throws SafekeepError BACKUP_DIR_UNUSABLE
 */
export async function* readCatalog(
  storage: BackupStorage,
  source: string,
  key: Secret,
  wanted: (dataName: string) => boolean = () => true,
): AsyncGenerator<CatalogEntry> {
  const entries = new Map((await storage.list()).map((entry) => [entry.name, entry]));
  const names = [...entries.keys()].filter((name) => SIDECAR.test(name)).sort(basesFirst);
  for (const name of names) {
    const data = name.slice(0, -'.meta'.length);
    if (wanted(data)) yield await readEntry(storage, { source, name, data }, key, entries.get(data));
  }
}

/** Incrementals last; by the time in the name fulls and emergencies of one source follow each other. */
function basesFirst(left: string, right: string): number {
  const [a, b] = [sortKey(left), sortKey(right)];
  return a < b ? -1 : Number(a > b);
}

function sortKey(name: string): string {
  return `${name.startsWith('incremental_') ? 1 : 0}${name.replace(/^[a-z]+/, '')}`;
}

async function readEntry(
  storage: BackupStorage,
  { source, name, data }: { source: string; name: string; data: string },
  key: Secret,
  file: DirectoryEntry | undefined,
): Promise<CatalogEntry> {
  const rejected = (reason: string): CatalogEntry => ({ kind: 'rejected', name, reason });
  try {
    const sidecar = authenticateSidecar(await readSidecarText(storage, data), data, key);
    if (sidecar.fileName !== data) return rejected(`it is the sidecar of ${sidecar.fileName}`);
    if (sidecar.source !== source) return rejected(`it belongs to the source ${sidecar.source}`);
    if (file === undefined) return { kind: 'authentic', sidecar, file: 'missing' };
    const ordinary = file.kind === 'file' && file.sizeBytes === sidecar.size;
    return { kind: 'authentic', sidecar, file: ordinary ? 'present' : 'strange' };
  } catch (error) {
    if (error instanceof DistrustError) return rejected(error.message);
    if (error instanceof SafekeepError && error.code === 'KEY_UNKNOWN') return rejected(error.message);
    throw error;
  }
}
