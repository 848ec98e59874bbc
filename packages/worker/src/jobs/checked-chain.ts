import type { Sidecar } from '@safekeep/archive/sidecar';
import type { StoredFile } from '@safekeep/shared/storage/contract';
import { asBase, readBaseSidecar } from './base-sidecar.js';
import {
  type CheckedBackup,
  type CheckOptions,
  decryptToc,
  openData,
  requireBytes,
  type StoredBackup,
} from './checked-backup.js';
import { readTrustedSidecar } from './stored-backup.js';

export interface StoredChain extends StoredBackup {
  /** When retention removed the backup that this one builds on; `null` when it did not, or there is none. */
  readonly baseDisposedAt: Date | null;
}

/** A backup with all that must be restored to get what it saw, held open. */
export interface CheckedChain {
  /** Of the backup that was asked for: what a copy must be like in the end. */
  readonly sidecar: Sidecar;
  /** The full backup: the one that was asked for, or its base. It holds all definitions. */
  readonly full: CheckedBackup;
  /** What is applied to the restored full; `null` where a full one was asked for. */
  readonly increment: CheckedBackup | null;
  /** Bytes of all files. */
  readonly size: number;
  close(): Promise<void>;
}

/**
 * Opens a stored backup for restoring, and the base of an incremental with it: sidecars authentic, of these very backups
 * and the recorded ones → size and sha256 of all files → only then the archives' tables of contents are decrypted.
 * Whatever is read later comes from the descriptors that were checked, whatever happens to the names meanwhile. The
 * caller closes it.
 *
 * @throws DistrustError; SafekeepError KEY_UNKNOWN, BACKUP_DIR_UNUSABLE; the reason of `signal`
 */
export async function openCheckedChain(stored: StoredChain, options: CheckOptions): Promise<CheckedChain> {
  const { storage, encryptionKey } = stored;
  const sidecar = await readTrustedSidecar(storage, stored.backup, stored.recordedHmac, encryptionKey);
  const base = await readBaseSidecar(stored, sidecar);
  const opened: OpenFile[] = [];
  const close = async () => {
    for (const { file } of opened) await file.close();
  };
  try {
    for (const part of base === null ? [sidecar] : [sidecar, base]) {
      const blame = part === base ? asBase(base.fileName) : rethrow;
      opened.push({ part, blame, file: await openData(storage, part).catch(blame) });
    }
    await requireAll(opened, options);
    const checked: CheckedBackup[] = [];
    for (const { part, file, blame } of opened) {
      checked.push(await decryptToc(file, part, encryptionKey).catch(blame));
    }
    const [own, under] = checked as [CheckedBackup, CheckedBackup?];
    const size = opened.reduce((sum, { file }) => sum + file.size, 0);
    return { sidecar, full: under ?? own, increment: under === undefined ? null : own, size, close };
  } catch (error) {
    await close();
    if (options.signal.aborted) throw options.signal.reason;
    throw error;
  }
}

interface OpenFile {
  readonly part: Sidecar;
  readonly file: StoredFile;
  /** Names the file that a fault is of. */
  readonly blame: (error: unknown) => never;
}

function rethrow(error: unknown): never {
  throw error;
}

async function requireAll(opened: readonly OpenFile[], { signal, onProgress }: CheckOptions): Promise<void> {
  const total = opened.reduce((sum, { file }) => sum + file.size, 0);
  let before = 0;
  for (const { part, file, blame } of opened) {
    const onBytes = (done: number) => onProgress?.(before + done, total);
    await requireBytes(file, part, onBytes, signal).catch(blame);
    before += file.size;
  }
}
