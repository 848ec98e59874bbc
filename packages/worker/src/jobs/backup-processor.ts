import { hostname } from 'node:os';
import type { Source } from '@safekeep/shared/config/sources';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { fail, SafekeepError } from '@safekeep/shared/errors';
import { claimBackup } from '@safekeep/shared/history/backup-claims';
import { failQueuedBackup, findBackup } from '@safekeep/shared/history/backups';
import { translateOutage } from '@safekeep/shared/history/outage';
import { describeError, errorCode } from '@safekeep/shared/logger';
import { jobContracts } from '@safekeep/shared/queues/contracts';
import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import { type Attempt, attemptBackup, type BackupProcessorDeps } from './attempt-backup.js';
import { auditEnd } from './audit-end.js';
import { note } from './report-progress.js';

/** How long a job waits for its source's turn, or for history to come back, in milliseconds. */
const PAUSE = 5_000;

/**
 * The processor of queue `backup`: checks the job, finds its history row and claims the source for one attempt.
 * (BullMQ hands the signal only to a function that declares three parameters.)
 */
export function createBackupProcessor(deps: BackupProcessorDeps) {
  return async function processBackup(job: Job, token: string | undefined, signal: AbortSignal | undefined) {
    const begun = await begin(deps, job).catch((error: unknown) => waitForHistory(deps, job, error));
    if (begun.kind === 'ended') return { status: begun.status };
    if (begun.kind === 'wait') {
      note(job, `waits: ${begun.reason}`);
      await job.moveToDelayed(Date.now() + begun.pause, token);
      throw new DelayedError();
    }
    return attemptBackup({ ...begun.attempt, job, token }, deps, signal ?? new AbortController().signal);
  };
}

type Begun =
  | { readonly kind: 'attempt'; readonly attempt: Omit<Attempt, 'job' | 'token'> }
  | { readonly kind: 'wait'; readonly reason: string; readonly pause: number }
  | { readonly kind: 'ended'; readonly status: string };

/** History that is away is waited for, for as long as it takes. The queue never sees the text of a driver's error. */
function waitForHistory(deps: BackupProcessorDeps, job: Job, error: unknown): Begun {
  if (error instanceof UnrecoverableError) throw error;
  deps.logger.warn('the job could not begin', { jobId: job.id, error: describeError(error) });
  if (translateOutage(error) instanceof SafekeepError) {
    return { kind: 'wait', reason: 'history cannot be reached', pause: PAUSE };
  }
  throw new Error(`the job could not begin (${errorCode(error)}); see the worker's log`);
}

async function begin(deps: BackupProcessorDeps, job: Job): Promise<Begun> {
  const backup = await readBackup(deps, job);
  const source = await findSource(deps, backup);
  const worker = `${hostname()}:${process.pid}`;
  const claim = await claimBackup(deps.pool, { backupId: backup.id, source: source.name, worker });
  if (claim.kind === 'ended') return claim;
  if (claim.kind === 'busy') {
    const pause = Math.min(PAUSE, claim.retryInSeconds * 1000);
    return { kind: 'wait', reason: `another backup of source ${source.name} is running`, pause };
  }
  note(job, `run ${claim.run.id} on ${worker}`);
  const { run, lost, earlierAttempts } = claim;
  return { kind: 'attempt', attempt: { backup, source, run, lost, earlierAttempts } };
}

async function readBackup(deps: BackupProcessorDeps, job: Job): Promise<Backup> {
  const data = jobContracts.backup.full.safeParse(job.data);
  if (!data.success || job.name !== 'full')
    throw new UnrecoverableError('the job does not keep its contract');
  const backup = await findBackup(deps.pool, data.data.backupId);
  if (backup === null) throw new UnrecoverableError('history does not know this backup');
  return backup;
}

async function findSource(deps: BackupProcessorDeps, backup: Backup): Promise<Source> {
  const source = deps.sources.find((candidate) => candidate.name === backup.source);
  if (source !== undefined) return source;
  const known = deps.sources.map((candidate) => candidate.name).join(', ');
  const error = fail('SOURCE_UNKNOWN', { source: backup.source, known });
  if (await failQueuedBackup(deps.pool, backup.id, error)) {
    await auditEnd(deps, backup, 'backup.failed', 'failed', { code: error.code });
  }
  throw new UnrecoverableError(error.message);
}
