import { hostname } from 'node:os';
import type { Source } from '@safekeep/shared/config/sources';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { claimBackup } from '@safekeep/shared/history/backup-claims';
import { failQueuedBackup, findBackup } from '@safekeep/shared/history/backups';
import { inTransaction } from '@safekeep/shared/history/database';
import { type Begun, createProcessor, PAUSE } from '@safekeep/shared/jobs/processor';
import { note } from '@safekeep/shared/jobs/report-progress';
import { sourceUnknown } from '@safekeep/shared/policy/require-source';
import { jobContracts } from '@safekeep/shared/queues/contracts';
import { type Job, UnrecoverableError } from 'bullmq';
import { type Attempt, attemptBackup, type BackupProcessorDeps } from './attempt-backup.js';
import { auditEnd } from './audit-end.js';

/** The processor of queue `backup`: finds the job's history row and claims its source for one attempt. */
export function createBackupProcessor(deps: BackupProcessorDeps) {
  return createProcessor<Attempt>({
    logger: deps.logger,
    begin: (job) => begin(deps, job),
    attempt: (attempt, place) => attemptBackup(attempt, deps, place),
  });
}

async function begin(deps: BackupProcessorDeps, job: Job): Promise<Begun<Attempt>> {
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
  const contract = job.name === 'incremental' ? jobContracts.backup.incremental : jobContracts.backup.full;
  const data = contract.safeParse(job.data);
  if (!data.success) throw new UnrecoverableError('the job does not keep its contract');
  const backup = await findBackup(deps.pool, data.data.backupId);
  if (backup === null) throw new UnrecoverableError('history does not know this backup');
  return backup;
}

async function findSource(deps: BackupProcessorDeps, backup: Backup): Promise<Source> {
  const source = deps.sources.find((candidate) => candidate.name === backup.source);
  if (source !== undefined) return source;
  const configured = deps.sources.map((candidate) => candidate.name);
  const error = sourceUnknown(backup.source, configured);
  await inTransaction(deps.pool, async (db) => {
    if (!(await failQueuedBackup(db, backup.id, error))) return;
    await auditEnd(db, backup, 'backup.failed', 'failed', { code: error.code });
  });
  throw new UnrecoverableError(error.message);
}
