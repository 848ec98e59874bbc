import { ArchiveError } from '@safekeep/archive/archive-error';
import { keyId } from '@safekeep/archive/key';
import { MAX_SIDECAR_BYTES, parseSidecar, type Sidecar } from '@safekeep/archive/sidecar';
import type { BackupStep } from '@safekeep/archive/verify-backup';
import type { Secret } from '@safekeep/shared/config/secret';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { fail, SafekeepError } from '@safekeep/shared/errors';
import { filesOf } from '@safekeep/shared/storage/backup-names';
import type { BackupStorage, StoredFile } from '@safekeep/shared/storage/contract';

/** Why a stored backup cannot be trusted. */
interface Distrust {
  readonly verdict: 'file' | 'sidecar' | 'companion' | 'base' | BackupStep;
  readonly reason: string;
}

/** Thrown by what reads a stored backup; it ends a verification as `failed`, not as an error. */
export class DistrustError extends Error {
  override readonly name = 'DistrustError';

  constructor(readonly distrust: Distrust) {
    super(distrust.reason);
  }
}

/** A backup as history recorded it; not everybody knows which key that was. */
export type RecordedBackup = Pick<Backup, 'id' | 'fileName'> & Partial<Pick<Backup, 'keyId'>>;

/**
 * Reads the sidecar of a backup and believes it only when it is authentic, of this very backup, and the one that history
 * recorded: an older pair put back in its place is told by that.
 *
 * @throws DistrustError; SafekeepError KEY_UNKNOWN
 */
export async function readTrustedSidecar(
  storage: BackupStorage,
  backup: RecordedBackup,
  recordedHmac: string | null,
  key: Secret,
): Promise<Sidecar> {
  const fileName = backup.fileName ?? '';
  const sidecar = await authenticRecorded(storage, backup, key);
  if (sidecar.id !== backup.id || sidecar.fileName !== fileName) {
    throw distrust('sidecar', 'the sidecar belongs to another backup');
  }
  if (recordedHmac !== null && sidecar.hmac !== recordedHmac) {
    throw distrust('sidecar', 'the sidecar is authentic, but not the one that history recorded');
  }
  return sidecar;
}

/** A sidecar that names another key, though history recorded this one, is no backup that waits for its key: it was changed. */
async function authenticRecorded(
  storage: BackupStorage,
  backup: RecordedBackup,
  key: Secret,
): Promise<Sidecar> {
  const fileName = backup.fileName ?? '';
  try {
    return authenticateSidecar(await readSidecarText(storage, fileName), fileName, key);
  } catch (error) {
    const otherKey = error instanceof SafekeepError && error.code === 'KEY_UNKNOWN';
    if (!otherKey || backup.keyId !== keyId(key.reveal())) throw error;
    throw distrust(
      'sidecar',
      'the sidecar names another key than history recorded: it was edited or damaged',
    );
  }
}

/** The text of a backup's sidecar, of which nothing is believed yet. @throws DistrustError */
export async function readSidecarText(storage: BackupStorage, fileName: string): Promise<string> {
  const file = await openOrdinary(storage, filesOf(fileName).sidecar, 'sidecar');
  if (file === null) throw distrust('sidecar', 'the sidecar is missing');
  try {
    if (file.size > MAX_SIDECAR_BYTES) throw distrust('sidecar', 'the sidecar is too large to be one');
    const chunks: Buffer[] = [];
    for await (const chunk of file.read()) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    await file.close();
  }
}

/** @throws DistrustError; SafekeepError KEY_UNKNOWN */
export function authenticateSidecar(text: string, fileName: string, key: Secret): Sidecar {
  try {
    return parseSidecar(text, key.reveal());
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    if (error.code !== 'SIDECAR_OTHER_KEY') throw distrust('sidecar', error.message);
    throw fail('KEY_UNKNOWN', { file: fileName, keyId: claimedKeyId(text) }, error);
  }
}

/** Only for the message: the sidecar is not authenticated. */
function claimedKeyId(text: string): string {
  return /"keyId":"([0-9a-f]{16})"/.exec(text)?.[1] ?? 'unknown';
}

/** Opens a file of a backup; a link, directory or device in its place is no file of ours. */
export async function openOrdinary(
  storage: BackupStorage,
  name: string,
  verdict: Distrust['verdict'],
): Promise<StoredFile | null> {
  try {
    return await storage.open(name);
  } catch (error) {
    if (error instanceof SafekeepError && error.code === 'FILE_STRANGE')
      throw distrust(verdict, error.message);
    throw error;
  }
}

export function distrust(verdict: Distrust['verdict'], reason: string): DistrustError {
  return new DistrustError({ verdict, reason });
}
