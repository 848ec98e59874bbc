import type { Source } from '@safekeep/shared/config/sources';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { fail, SafekeepError } from '@safekeep/shared/errors';
import type { LostRun } from '@safekeep/shared/history/backup-claims';
import {
  completeBackup,
  endCancelled,
  failBackup,
  promoteBackup,
  requeueBackup,
} from '@safekeep/shared/history/backup-outcomes';
import type { Database } from '@safekeep/shared/history/database';
import { closeRun, heartbeat, MAXIMUM_ATTEMPTS, type Run } from '@safekeep/shared/history/runs';
import { Lease } from '@safekeep/shared/jobs/lease';
import { persist } from '@safekeep/shared/jobs/persist';
import type { QueuePlace } from '@safekeep/shared/jobs/processor';
import { note, reportProgress } from '@safekeep/shared/jobs/report-progress';
import { settleFailure } from '@safekeep/shared/jobs/settle-failure';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import type pg from 'pg';
import type { Promotion } from '../incremental/promotion.js';
import { sessionNameOf } from '../postgres/session-name.js';
import { completeForgotten } from '../reconcile/complete-forgotten.js';
import { takeOver } from '../reconcile/take-over.js';
import { auditEnd } from './audit-end.js';
import { historyJournal } from './backup-journal.js';
import type { BackupMeter, BackupSettings } from './open-backup.js';
import { requireKnownDirectory } from './require-known-directory.js';
import { resultOf } from './sidecar-body.js';
import { takeBackup } from './take-backup.js';

export interface BackupProcessorDeps extends BackupSettings {
  readonly pool: pg.Pool;
  readonly sources: readonly Source[];
  /** Where the backup files of a source live. */
  readonly storageOf: (source: string) => BackupStorage;
}

export interface Attempt {
  readonly backup: Backup;
  readonly source: Source;
  readonly run: Run;
  readonly lost: readonly LostRun[];
  /** Attempts of this backup that failed or died before. */
  readonly earlierAttempts: number;
}

/**
 * One claimed attempt of a backup: every outcome becomes one state in history and one answer to the queue.
 *
 * Losing the queue's lock stops nothing: history's lease forbids a second writer, so a backup outlives a Redis that
 * was restarted or emptied.
 */
export async function attemptBackup(attempt: Attempt, deps: BackupProcessorDeps, place: QueuePlace) {
  const { backup, source, run } = attempt;
  const { job, stop } = place;
  let meter: BackupMeter | null = null;
  const read = () => meter?.read(performance.now()) ?? null;
  const lease = new Lease(deps.pool, run, read, deps.logger);
  const reports = reportProgress(job, read);
  const onMeter = (started: BackupMeter) => {
    meter = started;
  };
  try {
    const storage = deps.storageOf(source.name);
    // Before anything is removed or believed: the directory is there, and this run still holds its place.
    await storage.check();
    const signal = AbortSignal.any([stop, lease.signal]);
    await persist(() => requireKnownDirectory(deps.pool, storage, source.name), deps.logger, signal);
    const cancelled = await persist(() => heartbeat(deps.pool, run, null), deps.logger, signal);
    const adopted = await takeOver({ ...deps, storage, source }, attempt.lost);
    const directory = { ...deps, storage, source: source.name };
    if (adopted.has(backup.id) || (await completeForgotten(directory, backup.id))) {
      await persist(() => closeRun(deps.pool, run, 'completed'), deps.logger);
      return { status: 'completed' };
    }
    if (cancelled) throw fail('BACKUP_CANCELLED');
    if (attempt.earlierAttempts >= MAXIMUM_ATTEMPTS) {
      throw fail('TOO_MANY_ATTEMPTS', { attempts: attempt.earlierAttempts });
    }
    const journal = historyJournal(deps.pool, run, backup, deps.logger, signal);
    let promoted: Promotion | null = null;
    const promote = async (why: Promotion) => {
      promoted = why;
      await persist(() => promoteBackup(deps.pool, run, backup.id, why.reason), deps.logger, signal);
      note(job, why.reason);
      deps.logger.info('an incremental becomes a full backup', { backupId: backup.id, why: why.code });
    };
    const sessionName = sessionNameOf(run.id);
    const what = { id: backup.id, source, journal, storage, onMeter, sessionName };
    const sidecar = await takeBackup(what, backup.requestedType, deps, promote, signal);
    // From here on the backup exists, so nothing stops its completion but being fenced.
    const { fileName: file } = sidecar;
    const tell = (db: Database) => auditEnd(db, backup, 'backup.completed', 'ok', detailOf(file, promoted));
    await persist(() => completeBackup(deps.pool, run, backup.id, resultOf(sidecar), tell), deps.logger);
    note(job, `published ${sidecar.fileName}`);
    return { status: 'completed', fileName: sidecar.fileName };
  } catch (error) {
    if (error instanceof SafekeepError && error.code === 'BACKUP_CANCELLED') {
      const tell = (db: Database) => auditEnd(db, backup, 'backup.cancelled', 'ok', {});
      await persist(() => endCancelled(deps.pool, run, backup.id, tell), deps.logger);
      note(job, 'cancelled');
      return { status: 'cancelled' };
    }
    return await settleFailure(error, { run, subject: backup.id, logger: deps.logger }, place, {
      requeue: (state, known) => requeueBackup(deps.pool, run, backup.id, state, known),
      giveUp: (known) => {
        const tell = (db: Database) => auditEnd(db, backup, 'backup.failed', 'failed', { code: known.code });
        return persist(() => failBackup(deps.pool, run, backup.id, known, tell), deps.logger);
      },
    });
  } finally {
    lease.close();
    reports.close();
  }
}

function detailOf(file: string, promoted: Promotion | null): Record<string, string> {
  return promoted === null ? { file } : { file, promoted: promoted.code };
}
