import type { Readable } from 'node:stream';
import { ArchiveError } from '@safekeep/archive/archive-error';
import { createOpener } from '@safekeep/archive/open';
import { type OpenManifest, openManifest } from '@safekeep/archive/read-manifest';
import type { Sidecar } from '@safekeep/archive/sidecar';
import { verifyBytes } from '@safekeep/archive/verify-backup';
import type { Secret } from '@safekeep/shared/config/secret';
import { SafekeepError } from '@safekeep/shared/errors';
import type { BaseCandidate } from '@safekeep/shared/history/bases';
import type { BackupStorage, StoredFile } from '@safekeep/shared/storage/contract';
import { DistrustError, distrust, openOrdinary, readTrustedSidecar } from './stored-backup.js';

/** A base whose sidecar is authentic and whose manifest is the one that it names. */
export interface OpenBase {
  readonly sidecar: Sidecar;
  readonly manifest: OpenManifest;
  close(): Promise<void>;
}

/**
 * Opens a backup as a base: nothing was found against it → sidecar authentic and recorded → backup file there in its size (its content is a verification's
 * to check, and a restore's) → manifest with the checksum that the sidecar says, fit to be compared with.
 *
 * @returns why it cannot be one, as a sentence for people
 * @throws SafekeepError BACKUP_DIR_UNUSABLE; the reason of `signal`
 */
export async function openBase(
  storage: BackupStorage,
  candidate: BaseCandidate,
  key: Secret,
  signal: AbortSignal,
): Promise<OpenBase | string> {
  if (candidate.failed !== null) return `its newest ${candidate.failed} failed`;
  try {
    const sidecar = await readTrustedSidecar(storage, candidate, candidate.recordedHmac, key);
    await requireFile(storage, sidecar);
    return await openManifestOf(storage, sidecar, key, signal);
  } catch (error) {
    if (error instanceof DistrustError) return error.distrust.reason;
    if (error instanceof ArchiveError) return error.message;
    if (error instanceof SafekeepError && error.code === 'KEY_UNKNOWN') return 'it was made with another key';
    throw error;
  }
}

async function requireFile(storage: BackupStorage, sidecar: Sidecar): Promise<void> {
  const file = await openOrdinary(storage, sidecar.fileName, 'file');
  await file?.close();
  if (file === null) throw distrust('file', 'its file is missing');
  if (file.size !== sidecar.size) throw distrust('file', 'its file has another size than its sidecar says');
}

async function openManifestOf(
  storage: BackupStorage,
  sidecar: Sidecar,
  key: Secret,
  signal: AbortSignal,
): Promise<OpenBase> {
  const companion = sidecar.companions.find(({ kind }) => kind === 'manifest');
  if (companion === undefined)
    throw distrust(
      'companion',
      'it was made without a manifest (BACKUP_FINGERPRINT=off, or by an earlier version)',
    );
  const file = await openOrdinary(storage, companion.fileName, 'companion');
  if (file === null) throw distrust('companion', 'its manifest is missing');
  try {
    const verdict = await verifyBytes(file, companion, () => {}, signal);
    if (!verdict.ok) throw distrust('companion', `its manifest was changed: ${verdict.reason}`);
    const manifest = await openManifest(plainText(file, key));
    if (manifest.head.backupId !== sidecar.id)
      throw distrust('companion', 'its manifest is of another backup');
    if (!manifest.head.durable)
      throw distrust('companion', 'the server had not written all that it saw to its disk when it ended');
    const close = async () => {
      await manifest.tables.return();
      await file.close();
    };
    return { sidecar, manifest, close };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function plainText(file: StoredFile, key: Secret): Readable {
  const opener = createOpener(key.reveal());
  const content = file.read().on('error', (error) => opener.destroy(error));
  // Whoever stops early ends the stream; the file's must not go on.
  opener.on('close', () => content.destroy());
  return content.pipe(opener);
}
