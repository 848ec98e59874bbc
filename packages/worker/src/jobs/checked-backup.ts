import type { Readable } from 'node:stream';
import { ArchiveError } from '@safekeep/archive/archive-error';
import { createGunzipMember } from '@safekeep/archive/gunzip-member';
import { createOpener } from '@safekeep/archive/open';
import { type ArchiveToc, readArchiveToc } from '@safekeep/archive/read-toc';
import type { Sidecar } from '@safekeep/archive/sidecar';
import { verifyBytes } from '@safekeep/archive/verify-backup';
import type { Secret } from '@safekeep/shared/config/secret';
import type { BackupStorage, StoredFile } from '@safekeep/shared/storage/contract';
import { distrust, openOrdinary, type RecordedBackup } from './stored-backup.js';

export interface StoredBackup {
  readonly backup: RecordedBackup;
  /** The HMAC of the sidecar as history recorded it. */
  readonly recordedHmac: string | null;
  readonly storage: BackupStorage;
  readonly encryptionKey: Secret;
}

export interface CheckOptions {
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
}

/** @throws DistrustError */
export async function openData(storage: BackupStorage, { fileName }: Sidecar): Promise<StoredFile> {
  const file = await openOrdinary(storage, fileName, 'file');
  if (file === null) throw distrust('file', 'the backup file is missing');
  return file;
}

/** Reads the table of contents of a file whose bytes were checked. @throws DistrustError */
export async function decryptToc(file: StoredFile, sidecar: Sidecar, key: Secret): Promise<CheckedBackup> {
  const unseal: CheckedBackup['unseal'] = () => [createGunzipMember(), createOpener(key.reveal())];
  return { sidecar, toc: await readToc(file, unseal()), size: file.size, read: () => file.read(), unseal };
}

/** @throws DistrustError when a file is not the one that its sidecar vouches for */
export async function requireBytes(
  file: StoredFile,
  sidecar: Sidecar,
  onBytes: (done: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const verdict = await verifyBytes(file, { size: sidecar.size, sha256: sidecar.checksum }, onBytes, signal);
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
