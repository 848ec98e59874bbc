import type { Sidecar } from '@safekeep/archive/sidecar';
import { withDatabase } from '@safekeep/shared/config/postgres-url';
import type { Secret } from '@safekeep/shared/config/secret';
import type { RecoveryProgress } from '@safekeep/shared/contracts/recovery-test';
import { SafekeepError } from '@safekeep/shared/errors';
import type { RecoveryResult } from '@safekeep/shared/history/recovery-tests';
import type { Run } from '@safekeep/shared/history/runs';
import { compareFingerprints } from '../fingerprint/compare-fingerprints.js';
import { expectedFingerprint, type Fingerprint, fingerprintTerms } from '../fingerprint/fingerprint.js';
import { fingerprintCopy } from '../fingerprint/fingerprint-copy.js';
import { libpqAccess } from '../postgres/libpq-environment.js';
import { chooseRestoreProgram, findPrograms } from '../postgres/program.js';
import { requireCompression } from '../postgres/require-compression.js';
import { scratchFailure } from '../postgres/target-failure.js';
import { type CheckedChain, openCheckedChain, type StoredChain } from './checked-chain.js';
import { brokenBackup, comparedCopy, type Measured, type RecoveryTargets } from './recovery-result.js';
import { type ChainOutcome, restoreChain, WHOLE } from './restore-chain.js';
import { onScratchDatabase, type ScratchPlace } from './scratch-database.js';
import { policiesWithoutRole } from './unmade-policies.js';

/** What every recovery test of this worker is given. */
export interface RecoverySettings extends Omit<ScratchPlace, 'server'> {
  readonly encryptionKey: Secret;
  readonly targets: RecoveryTargets;
  /** Tables whose numbers of rows are told, such as `patients` or `clinic.patients`. */
  readonly criticalTables: readonly string[];
  readonly programDirectories: readonly string[];
  /** The worker's environment: PATH and HOME of the programs it starts. */
  readonly environment: NodeJS.ProcessEnv;
}

interface RecoveryTestJob extends Omit<StoredChain, 'encryptionKey'> {
  readonly id: string;
  readonly run: Run;
  readonly server: Secret;
  readonly onProgress: (progress: RecoveryProgress) => void;
}

/**
 * Proves one backup, an incremental with its base: checks each file, restores into a scratch database, and compares the copy with
 * what the authenticated sidecar says; the source is not asked. The scratch database is dropped in every outcome.
 *
 * @returns `failed` when the backup is not what its sidecar says, cannot be restored, or its copy differs
 * @throws SafekeepError when nothing is known: KEY_UNKNOWN, BACKUP_DIR_UNUSABLE, PG_RESTORE_TOO_OLD, SCRATCH_…; or the
 * reason of `signal`
 */
export async function recoveryTest(
  job: RecoveryTestJob,
  settings: RecoverySettings,
  signal: AbortSignal,
): Promise<RecoveryResult> {
  const began = performance.now();
  let measured: Measured = { began, rpoSeconds: null, rtoSeconds: null, ...settings.targets };
  try {
    await job.storage.check();
    const stored = { ...job, encryptionKey: settings.encryptionKey };
    const chain = await openCheckedChain(stored, { signal, onProgress: tell(job, 'check') });
    try {
      const rpoSeconds = (job.run.startedAt.getTime() - Date.parse(chain.sidecar.startedAt)) / 1000;
      measured = { ...measured, rpoSeconds };
      return await restoreAndCompare(job, chain, settings, measured, signal);
    } finally {
      await chain.close();
    }
  } catch (error) {
    const broken = brokenBackup(error, measured, job.backup.fileName ?? job.backup.id);
    if (broken === null) throw error instanceof SafekeepError ? scratchFailure(error) : error;
    return broken;
  }
}

async function restoreAndCompare(
  job: RecoveryTestJob,
  chain: CheckedChain,
  settings: RecoverySettings,
  measured: Measured,
  signal: AbortSignal,
): Promise<RecoveryResult> {
  const { sidecar, full } = chain;
  const programs = chooseRestoreProgram(
    await findPrograms(settings.programDirectories),
    full.sidecar.pgDumpVersion,
  );
  await requireCompression(programs, full.sidecar.compression);
  const place = { ...settings, server: job.server };
  const started = performance.now();
  return onScratchDatabase(place, { id: job.id, run: job.run, sidecar }, async (database) => {
    const url = withDatabase(job.server, database);
    const access = await libpqAccess(url, settings.environment);
    let outcome: ChainOutcome;
    try {
      const asked = { owners: false, privileges: false };
      const onProgress = tell(job, 'restore');
      outcome = await restoreChain(
        { chain, programs, access, database, asked, scope: WHOLE, onProgress },
        signal,
      );
    } finally {
      await access.close();
    }
    const rtoSeconds = Math.round(performance.now() - started) / 1000;
    job.onProgress({ phase: 'compare', percent: 90, table: null });
    const { expected, copy } = await readBoth(sidecar, url, settings.encryptionKey, signal);
    const comparison = compareFingerprints(expected, copy, policiesWithoutRole(outcome, full));
    return comparedCopy(
      { expected, copy, comparison, base: baseOf(chain), criticalTables: settings.criticalTables },
      { ...measured, rtoSeconds },
    );
  });
}

/** What an incremental was restored on. */
function baseOf({ full, increment }: CheckedChain): { id: string; fileName: string } | null {
  return increment === null ? null : { id: full.sidecar.id, fileName: full.sidecar.fileName };
}

async function readBoth(
  sidecar: Sidecar,
  url: Secret,
  key: Secret,
  signal: AbortSignal,
): Promise<{ expected: Fingerprint; copy: Fingerprint }> {
  const expected = expectedFingerprint(sidecar);
  const terms = await fingerprintTerms(sidecar, key.reveal());
  return { expected, copy: await fingerprintCopy(url, expected, terms, signal) };
}

/** Each file is read twice, for its hash and for the restore; what remains is for indexes and the comparison. */
function tell(job: RecoveryTestJob, phase: 'check' | 'restore') {
  const [from, span] = phase === 'check' ? [0, 10] : [10, 80];
  return (done: number, total: number, table: string | null = null) => {
    const percent = Math.floor((from + (span * done) / Math.max(1, total)) * 10) / 10;
    job.onProgress({ phase, percent, table });
  };
}
