import type { Sidecar } from '@safekeep/archive/sidecar';
import { verifyBackup, verifyCompanion } from '@safekeep/archive/verify-backup';
import type { Secret } from '@safekeep/shared/config/secret';
import type { Backup } from '@safekeep/shared/contracts/backup';
import type { Verification } from '@safekeep/shared/contracts/verification';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { DistrustError, distrust, openOrdinary, readTrustedSidecar } from './stored-backup.js';

interface VerifyJob {
  readonly backup: Pick<Backup, 'id' | 'fileName'>;
  /** The HMAC of the sidecar as history recorded it. */
  readonly recordedHmac: string | null;
  readonly storage: BackupStorage;
  readonly encryptionKey: Secret;
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
}

export type Finding = Pick<Verification, 'verdict' | 'reason' | 'failedAtByte'>;

/**
 * Checks one stored backup: sidecar authentic and of this backup → file there → size and sha256 → gzip, decryption and
 * archive to their ends → rows as the sidecar says → companions. Nothing is decrypted before the sidecar and the hash
 * fit. The first thing that is wrong is the finding.
 *
 * @throws SafekeepError KEY_UNKNOWN, BACKUP_DIR_UNUSABLE; or the reason of `signal`: then nothing is known
 */
export async function verify(job: VerifyJob, signal: AbortSignal): Promise<Finding> {
  try {
    await job.storage.check();
    const sidecar = await readTrustedSidecar(job.storage, job.backup, job.recordedHmac, job.encryptionKey);
    return (
      (await verifyData(job, sidecar, signal)) ?? (await verifyCompanions(job, sidecar, signal)) ?? SOUND
    );
  } catch (error) {
    if (error instanceof DistrustError) return { ...error.distrust, failedAtByte: null };
    throw error;
  }
}

const SOUND: Finding = { verdict: 'sound', reason: null, failedAtByte: null };

async function verifyData(job: VerifyJob, sidecar: Sidecar, signal: AbortSignal): Promise<Finding | null> {
  const file = await openOrdinary(job.storage, sidecar.fileName, 'file');
  if (file === null) throw distrust('file', 'the backup file is missing');
  try {
    const passphrase = job.encryptionKey.reveal();
    const backup = { read: () => file.read(), size: file.size, sidecar, passphrase };
    const verdict = await verifyBackup(backup, { signal, onProgress: job.onProgress });
    return verdict.ok ? null : { verdict: verdict.step, reason: verdict.reason, failedAtByte: verdict.byte };
  } finally {
    await file.close();
  }
}

async function verifyCompanions(
  job: VerifyJob,
  sidecar: Sidecar,
  signal: AbortSignal,
): Promise<Finding | null> {
  for (const companion of sidecar.companions) {
    const file = await openOrdinary(job.storage, companion.fileName, 'companion');
    if (file === null) throw distrust('companion', `the companion ${companion.fileName} is missing`);
    try {
      const passphrase = job.encryptionKey.reveal();
      const open = { read: () => file.read(), size: file.size, expected: companion, passphrase };
      const verdict = await verifyCompanion(open, signal);
      if (verdict.ok) continue;
      const reason = `the companion ${companion.fileName} is broken (${verdict.step}): ${verdict.reason}`;
      return { verdict: 'companion', reason, failedAtByte: verdict.byte };
    } finally {
      await file.close();
    }
  }
  return null;
}
