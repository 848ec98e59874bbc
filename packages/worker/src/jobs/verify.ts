import { unpacks } from '@safekeep/archive/inflate-stream';
import type { Inspector } from '@safekeep/archive/inspect';
import type { Sidecar } from '@safekeep/archive/sidecar';
import { verifyBackupApart } from '@safekeep/archive/verify-apart';
import { verifyBackup, verifyCompanion } from '@safekeep/archive/verify-backup';
import type { Verification } from '@safekeep/shared/contracts/verification';
import { chooseRestoreProgram, findPrograms } from '../postgres/program.js';
import { createProgramInspector } from '../postgres/program-inspector.js';
import { asBase, readBaseSidecar } from './base-sidecar.js';
import { openData } from './checked-backup.js';
import type { StoredChain } from './checked-chain.js';
import { DistrustError, distrust, openOrdinary, readTrustedSidecar } from './stored-backup.js';
import { faultOfManifest } from './verify-manifest.js';

interface VerifyJob extends StoredChain {
  /** Folders that may hold PostgreSQL's programs: pg_restore inflates what the runtime cannot. */
  readonly programDirectories: readonly string[];
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
}

export type Finding = Pick<Verification, 'verdict' | 'reason' | 'failedAtByte'>;

/**
 * Checks one stored backup: sidecar authentic and of this backup → file there → size and sha256 → gzip, decryption and
 * archive to their ends → rows as the sidecar says → companions → of an incremental, that its base is there: the sidecar of
 * the one it was made on, and a file of its size, whose content has a verification of its own. Nothing is decrypted
 * before the sidecar and the hash fit. The first thing that is wrong is the finding.
 *
 * @throws SafekeepError KEY_UNKNOWN, BACKUP_DIR_UNUSABLE, PG_RESTORE_TOO_OLD, COMPRESSION_UNREADABLE; or the reason of `signal`: then nothing is known
 */
export async function verify(job: VerifyJob, signal: AbortSignal): Promise<Finding> {
  try {
    await job.storage.check();
    const sidecar = await readTrustedSidecar(job.storage, job.backup, job.recordedHmac, job.encryptionKey);
    const found = (await verifyData(job, sidecar, signal)) ?? (await verifyCompanions(job, sidecar, signal));
    if (found !== null) return found;
    await requireBase(job, sidecar);
    return SOUND;
  } catch (error) {
    if (error instanceof DistrustError) return { ...error.distrust, failedAtByte: null };
    throw error;
  }
}

const SOUND: Finding = { verdict: 'sound', reason: null, failedAtByte: null };

async function verifyData(job: VerifyJob, sidecar: Sidecar, signal: AbortSignal): Promise<Finding | null> {
  const file = await openData(job.storage, sidecar);
  try {
    const passphrase = job.encryptionKey.reveal();
    const backup = { size: file.size, sidecar, passphrase };
    const options = { signal, onProgress: job.onProgress };
    const verdict = unpacks(sidecar.compression.split(':')[0] ?? '')
      ? await verifyBackupApart({ ...backup, descriptor: file.descriptor }, options)
      : await verifyBackup({ ...backup, read: () => file.read() }, options, () => inspectorFor(job, sidecar));
    return verdict.ok ? null : { verdict: verdict.step, reason: verdict.reason, failedAtByte: verdict.byte };
  } finally {
    await file.close();
  }
}

/** @throws SafekeepError PG_DUMP_MISSING, PG_RESTORE_TOO_OLD */
async function inspectorFor(job: VerifyJob, { pgDumpVersion }: Sidecar): Promise<Inspector> {
  const programs = await findPrograms(job.programDirectories);
  return createProgramInspector(chooseRestoreProgram(programs, pgDumpVersion));
}

/** @throws DistrustError */
async function requireBase(job: VerifyJob, increment: Sidecar): Promise<void> {
  const base = await readBaseSidecar(job, increment);
  if (base === null) return;
  const blame = asBase(base.fileName);
  const file = await openData(job.storage, base).catch(blame);
  await file.close();
  if (file.size === base.size) return;
  blame(distrust('size', `the file has ${file.size} bytes, the sidecar says ${base.size}`));
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
      const title = `the companion ${companion.fileName} is broken`;
      if (!verdict.ok) {
        const reason = `${title} (${verdict.step}): ${verdict.reason}`;
        return { verdict: 'companion', reason, failedAtByte: verdict.byte };
      }
      if (companion.kind !== 'manifest') continue;
      const fault = await faultOfManifest(file.read(), sidecar, passphrase);
      if (fault !== null) throw distrust('companion', `${title}: ${fault}`);
    } finally {
      await file.close();
    }
  }
  return null;
}
