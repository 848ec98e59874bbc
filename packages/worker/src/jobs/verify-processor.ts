import { hostname } from 'node:os';
import type { Secret } from '@safekeep/shared/config/secret';
import type { Backup } from '@safekeep/shared/contracts/backup';
import type { CheckProgress } from '@safekeep/shared/contracts/verification';
import { findBackup, findSidecarHmac, markPresence } from '@safekeep/shared/history/backups';
import type { Run } from '@safekeep/shared/history/runs';
import {
  claimVerification,
  endVerification,
  requeueVerification,
} from '@safekeep/shared/history/verification-runs';
import type { Logger } from '@safekeep/shared/logger';
import { jobContracts } from '@safekeep/shared/queues/contracts';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { type Job, UnrecoverableError } from 'bullmq';
import type pg from 'pg';
import { auditEnd } from './audit-end.js';
import { Lease } from './lease.js';
import { persist } from './persist.js';
import { type Begun, createProcessor, PAUSE, type QueuePlace } from './processor.js';
import { note, reportProgress } from './report-progress.js';
import { settleFailure } from './settle-failure.js';
import { type Finding, verify } from './verify.js';

export interface VerifyProcessorDeps {
  readonly pool: pg.Pool;
  readonly logger: Logger;
  readonly encryptionKey: Secret;
  /** Where the backup files of a source live. */
  readonly storageOf: (source: string) => BackupStorage;
}

interface Attempt {
  readonly id: string;
  readonly run: Run;
  readonly backup: Backup;
}

/** The processor of queue `verify`: one stored backup a job. */
export function createVerifyProcessor(deps: VerifyProcessorDeps) {
  return createProcessor<Attempt>({
    logger: deps.logger,
    begin: (job) => begin(deps, job),
    attempt: (attempt, place) => attemptVerification(attempt, deps, place),
  });
}

async function begin(deps: VerifyProcessorDeps, job: Job): Promise<Begun<Attempt>> {
  const data = jobContracts.verify.verify.safeParse(job.data);
  if (!data.success) throw new UnrecoverableError('the job does not keep its contract');
  const id = data.data.verificationId;
  const worker = `${hostname()}:${process.pid}`;
  const claim = await claimVerification(deps.pool, id, worker);
  if (claim.kind === 'ended') return { kind: 'ended', status: 'ended' };
  if (claim.kind === 'busy') {
    const pause = Math.min(PAUSE, claim.retryInSeconds * 1000);
    return { kind: 'wait', reason: 'another worker holds this verification', pause };
  }
  const backup = await findBackup(deps.pool, claim.backupId);
  if (backup === null) throw new UnrecoverableError('history does not know this backup');
  note(job, `run ${claim.run.id} on ${worker}`);
  return { kind: 'attempt', attempt: { id, run: claim.run, backup } };
}

async function attemptVerification(attempt: Attempt, deps: VerifyProcessorDeps, place: QueuePlace) {
  const { id, run, backup } = attempt;
  let progress: CheckProgress | null = null;
  const lease = new Lease(deps.pool, run, () => progress, deps.logger);
  const reports = reportProgress(place.job, () => progress);
  const onProgress = (doneBytes: number, totalBytes: number) => {
    progress = {
      percent: Math.floor((doneBytes / Math.max(1, totalBytes)) * 1000) / 10,
      doneBytes,
      totalBytes,
    };
  };
  try {
    const job = {
      backup,
      recordedHmac: await findSidecarHmac(deps.pool, backup.id),
      storage: deps.storageOf(backup.source),
      encryptionKey: deps.encryptionKey,
      onProgress,
    };
    const finding = await verify(job, AbortSignal.any([place.stop, lease.signal]));
    await persist(() => endVerification(deps.pool, run, id, finding), deps.logger);
    await tell(attempt, deps, finding);
    note(place.job, `verdict ${finding.verdict}${finding.reason === null ? '' : `: ${finding.reason}`}`);
    return { verdict: finding.verdict };
  } catch (error) {
    return await settleFailure(error, { run, subject: id, logger: deps.logger }, place, {
      requeue: (state, known) => requeueVerification(deps.pool, run, id, state, known.code),
      giveUp: async (known) => {
        const end = { errorCode: known.code, reason: known.message };
        await persist(() => endVerification(deps.pool, run, id, end), deps.logger);
        await auditEnd(deps, backup, 'verification.error', 'failed', { code: known.code });
      },
    });
  } finally {
    lease.close();
    reports.close();
  }
}

/** A file that is gone, or is there again, changes its backup's row; every verdict is in the audit trail. */
async function tell(attempt: Attempt, deps: VerifyProcessorDeps, finding: Finding): Promise<void> {
  const { backup } = attempt;
  const verdict = finding.verdict ?? 'unknown';
  const present = verdict !== 'file' && verdict !== 'sidecar';
  if (verdict === 'file' || verdict === 'sound') {
    if (await persist(() => markPresence(deps.pool, backup.id, present), deps.logger)) {
      deps.logger.warn(present ? 'a missing backup file is there again' : 'a backup file is missing', {
        backupId: backup.id,
        file: backup.fileName,
      });
    }
  }
  if (verdict === 'sound') await auditEnd(deps, backup, 'verification.passed', 'ok', { verdict });
  else {
    deps.logger.error('a backup failed its verification', {
      backupId: backup.id,
      verdict,
      reason: finding.reason,
    });
    await auditEnd(deps, backup, 'verification.failed', 'failed', { verdict });
  }
}
