import { hostname } from 'node:os';
import type { Source } from '@safekeep/shared/config/sources';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { fail } from '@safekeep/shared/errors';
import { failQueuedBackup, findBackup } from '@safekeep/shared/history/backups';
import { claimBackup } from '@safekeep/shared/history/runs';
import { jobContracts } from '@safekeep/shared/queues/contracts';
import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import { attemptBackup, type BackupProcessorDeps } from './attempt-backup.js';
import { note } from './report-progress.js';

/** How long a backup waits for its source's turn before it asks again, in milliseconds. */
const BUSY_PAUSE = 5_000;

/**
 * The processor of queue `backup`: checks the job, finds its history row and claims the source for one attempt.
 * (BullMQ hands the signal only to a function that declares three parameters.)
 */
export function createBackupProcessor(deps: BackupProcessorDeps) {
  return async function processBackup(job: Job, token: string | undefined, signal: AbortSignal | undefined) {
    const backup = await readBackup(deps, job);
    const source = await findSource(deps, backup);
    const worker = `${hostname()}:${process.pid}`;
    const claim = await claimBackup(deps.pool, { backupId: backup.id, source: source.name, worker });
    if (claim.kind === 'ended') return { status: claim.status };
    if (claim.kind === 'busy') {
      note(job, `waits for its turn: another backup of source ${source.name} is running`);
      await job.moveToDelayed(Date.now() + Math.min(BUSY_PAUSE, claim.retryInSeconds * 1000), token);
      throw new DelayedError();
    }
    note(job, `run ${claim.run.id} on ${worker}`);
    const stop = signal ?? new AbortController().signal;
    return attemptBackup({ job, token, backup, source, run: claim.run, lost: claim.lost }, deps, stop);
  };
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
  await failQueuedBackup(deps.pool, backup.id, error);
  throw new UnrecoverableError(error.message);
}
