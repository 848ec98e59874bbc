import type { Sidecar } from '@safekeep/archive/sidecar';
import type { Backup } from '@safekeep/shared/contracts/backup';
import type { Promotion } from '../incremental/promotion.js';
import { fullBackup } from './full-backup.js';
import { incrementalBackup } from './incremental-backup.js';
import type { BackupJob, BackupSettings } from './open-backup.js';

/** Takes what was asked for, or a full backup where an incremental could not be shown to be exact; then `promote` hears of it first. */
export async function takeBackup(
  job: BackupJob,
  requestedType: Backup['requestedType'],
  settings: BackupSettings,
  promote: (why: Promotion) => Promise<void>,
  signal: AbortSignal,
): Promise<Sidecar> {
  if (requestedType === 'incremental') {
    const outcome = await incrementalBackup(job, settings, signal);
    if (outcome.kind === 'taken') return outcome.sidecar;
    await promote(outcome);
  }
  return fullBackup({ ...job, type: 'full' }, settings, signal);
}
