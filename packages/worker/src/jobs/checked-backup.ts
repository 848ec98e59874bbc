import type { Readable } from 'node:stream';
import { ArchiveError } from '@safekeep/archive/archive-error';
import { createGunzipMember } from '@safekeep/archive/gunzip-member';
import { createOpener } from '@safekeep/archive/open';
import { type ArchiveToc, readArchiveToc } from '@safekeep/archive/read-toc';
import type { Sidecar } from '@safekeep/archive/sidecar';
import { verifyBytes } from '@safekeep/archive/verify-backup';
import type { Secret } from '@safekeep/shared/config/secret';
import type { Backup } from '@safekeep/shared/contracts/backup';
import type { BackupStorage, StoredFile } from '@safekeep/shared/storage/contract';
import { distrust, openOrdinary, readTrustedSidecar } from './stored-backup.js';

export interface StoredBackup {
  readonly backup: Pick<Backup, 'id' | 'fileName'>;
  /** The HMAC of the sidecar as history recorded it. */
  readonly recordedHmac: string | null;
  readonly storage: BackupStorage;
  readonly encryptionKey: Secret;
}

interface CheckOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** A backup whose bytes are those that its authentic sidecar vouches for, held open. */
export interface CheckedBackup {
  readonly sidecar: Sidecar;
  readonly toc: ArchiveToc;
  /** Bytes of the file. */
  readonly size: number;
  /** The file's bytes from the first on, of the file that was checked; put `unseal()` behind them. */
  read(): Readable;
  /** Fresh stages that turn the file's bytes into the archive's. */
  unseal(): [ReturnType<typeof createGunzipMember>, ReturnType<typeof createOpener>];
  close(): Promise<void>;
}

/**
 * Opens a stored backup for restoring: sidecar authentic, of this backup and the one that history recorded → size and
 * sha256 of the file → only then the archive's table of contents is decrypted. Whatever is read later comes from the
 * descriptor that was checked, whatever happens to the name meanwhile. The caller closes it.
 *
 * @throws DistrustError; SafekeepError KEY_UNKNOWN, BACKUP_DIR_UNUSABLE; the reason of `signal`
 */
export async function openCheckedBackup(stored: StoredBackup, options: CheckOptions): Promise<CheckedBackup> {
  const { storage, encryptionKey } = stored;
  const sidecar = await readTrustedSidecar(storage, stored.backup, stored.recordedHmac, encryptionKey);
  const file = await openOrdinary(storage, sidecar.fileName, 'file');
  if (file === null) throw distrust('file', 'the backup file is missing');
  const unseal: CheckedBackup['unseal'] = () => [createGunzipMember(), createOpener(encryptionKey.reveal())];
  try {
    await requireBytes(file, sidecar, options);
    const toc = await readToc(file, unseal());
    return { sidecar, toc, size: file.size, read: () => file.read(), unseal, close: () => file.close() };
  } catch (error) {
    await file.close();
    if (options.signal.aborted) throw options.signal.reason;
    throw error;
  }
}

async function requireBytes(
  file: StoredFile,
  sidecar: Sidecar,
  { signal, onProgress }: CheckOptions,
): Promise<void> {
  const expected = { size: sidecar.size, sha256: sidecar.checksum };
  const verdict = await verifyBytes(file, expected, (done) => onProgress?.(done, file.size), signal);
  if (!verdict.ok) throw distrust(verdict.step, verdict.reason);
}

async function readToc(file: StoredFile, stages: ReturnType<CheckedBackup['unseal']>): Promise<ArchiveToc> {
  const [gunzip, opener] = stages;
  const content = file.read();
  const relay = (stage: { destroy(error: Error): unknown }) => (error: Error) => void stage.destroy(error);
  content.on('error', relay(gunzip));
  gunzip.on('error', relay(opener));
  try {
    return await readArchiveToc(content.pipe(gunzip).pipe(opener));
  } catch (error) {
    throw namedFault(error);
  } finally {
    content.destroy();
    gunzip.destroy();
  }
}

/** A fault of the archive is one of the backup; it says which step of a verification would have found it. */
export function namedFault(error: unknown): unknown {
  if (!(error instanceof ArchiveError)) return error;
  if (error.code.startsWith('GZIP_')) return distrust('gzip', error.message);
  return distrust(error.code.startsWith('SEAL_') ? 'decryption' : 'archive', error.message);
}
