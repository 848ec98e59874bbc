import type { Secret } from '@safekeep/shared/config/secret';
import type { CleanupDecision } from '@safekeep/shared/contracts/cleanup';
import { SafekeepError } from '@safekeep/shared/errors';
import { findSidecarHmac } from '@safekeep/shared/history/backups';
import { type Disposal, disposeBackup, markFilesRemoved } from '@safekeep/shared/history/disposals';
import { describeError, type Logger } from '@safekeep/shared/logger';
import type { RetainedBackup } from '@safekeep/shared/policy/retention';
import { filesOf, namesOf } from '@safekeep/shared/storage/backup-names';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import type pg from 'pg';
import { DistrustError, openOrdinary, readTrustedSidecar } from './stored-backup.js';

export interface DisposeDeps {
  readonly pool: pg.Pool;
  readonly logger: Logger;
  readonly encryptionKey: Secret;
}

export type Outcome = Required<Pick<CleanupDecision, 'outcome'>> & Pick<CleanupDecision, 'reason'>;

/**
 * Removes one backup that has expired. History comes first: a killed worker leaves a backup that counts as removed and
 * files that the next cleanup removes, never one that counts as completed and has lost half of its files. Of the files the
 * sidecar comes first: without it no file counts.
 */
export async function dispose(
  deps: DisposeDeps,
  storage: BackupStorage,
  backup: RetainedBackup,
  disposal: Omit<Disposal, 'backup'>,
  reason: string,
): Promise<Outcome> {
  const stranger = await whyNotOurs(deps, storage, backup);
  if (stranger !== null) return { outcome: 'kept', reason: `${reason}; left alone, for ${stranger}` };
  const objection = await disposeBackup(deps.pool, { ...disposal, backup });
  if (objection !== null) return { outcome: 'kept', reason: objection };
  return removeFiles(deps, storage, { backupId: backup.id, fileName: backup.fileName }, reason);
}

/** Removes the files of a backup that history has disposed of; may be repeated. */
export async function removeFiles(
  deps: DisposeDeps,
  storage: BackupStorage,
  backup: { readonly backupId: string; readonly fileName: string },
  reason: string,
): Promise<Outcome> {
  try {
    await storage.removeInOrder(namesOf(backup.fileName));
    await markFilesRemoved(deps.pool, backup.backupId);
    deps.logger.info('removed an expired backup', { ...backup, reason });
    return { outcome: 'removed', reason };
  } catch (error) {
    deps.logger.error('the files of an expired backup could not be removed', {
      ...backup,
      error: describeError(error),
    });
    const why = error instanceof SafekeepError ? error.message : describeError(error).code;
    return { outcome: 'failed', reason: `${reason}; its files could not be removed: ${why}` };
  }
}

/**
 * Why the files under the backup's names may be somebody else's: a link or directory in their place, or no sidecar that
 * proves them to be the backup that history recorded. `null` when they are ours, or are not there.
 */
async function whyNotOurs(
  { pool, encryptionKey }: DisposeDeps,
  storage: BackupStorage,
  backup: RetainedBackup,
): Promise<string | null> {
  const hmac = await findSidecarHmac(pool, backup.id);
  try {
    const present: string[] = [];
    for (const name of namesOf(backup.fileName)) {
      const file = await openOrdinary(storage, name, 'file');
      await file?.close();
      if (file !== null) present.push(name);
    }
    if (present.length > 0) await readTrustedSidecar(storage, backup, hmac, encryptionKey);
    return null;
  } catch (error) {
    if (error instanceof DistrustError) return error.distrust.reason;
    // Made with an older key: what history recorded of the sidecar must do.
    if (error instanceof SafekeepError && error.code === 'KEY_UNKNOWN')
      return (await claims(storage, filesOf(backup.fileName).sidecar, hmac)) ? null : error.message;
    throw error;
  }
}

/** Whether the sidecar at least says that it is the recorded one. */
async function claims(storage: BackupStorage, sidecar: string, hmac: string | null): Promise<boolean> {
  const text = await storage.read(sidecar);
  return hmac !== null && (text?.includes(`"hmac":"${hmac}"`) ?? false);
}
