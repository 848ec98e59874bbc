import type { DeflatePool } from '@safekeep/archive/parallel-gzip/deflate-pool';
import type { Secret } from '@safekeep/shared/config/secret';
import type { Source } from '@safekeep/shared/config/sources';
import type { BackupType, Progress } from '@safekeep/shared/contracts/backup';
import { describeError, type Logger } from '@safekeep/shared/logger';
import type { BackupFiles } from '@safekeep/shared/storage/backup-names';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { type LibpqAccess, libpqAccess } from '../postgres/libpq-environment.js';
import { openLockedSnapshot } from '../postgres/locked-snapshot.js';
import type { Snapshot } from '../postgres/snapshot.js';
import { watchSource } from '../postgres/watch-source.js';
import type { BackupJournal } from './backup-journal.js';
import { freeNames } from './free-names.js';

/** What every backup job of this worker is given. */
export interface BackupSettings {
  readonly logger: Logger;
  readonly encryptionKey: Secret;
  /** `gzip:1` to `gzip:9`, `zstd:1` to `zstd:22`, `lz4:1` to `lz4:12`. */
  readonly compression: string;
  /** Threads that compress, of all backups that this process takes. */
  readonly deflatePool: DeflatePool;
  /** How long to wait for a locked table, in milliseconds. */
  readonly lockTimeout: number;
  /** Whether contents are hashed and a manifest for incrementals is written. */
  readonly fingerprint: boolean;
  /** Rows of a table's chunk, where it is not the usual number: small tables have several then. */
  readonly chunkRows?: number | undefined;
  /** Folders that may hold pg_dump (see `programDirectories`). */
  readonly programDirectories: readonly string[];
  /** The worker's environment: PATH and HOME of the programs it starts. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Tells how far a backup is. */
export interface BackupMeter {
  /** `now` in milliseconds. */
  read(now: number): Progress;
}

/** The backup that is to be made. */
export interface BackupJob {
  readonly id: string;
  readonly source: Source;
  readonly journal: BackupJournal;
  readonly storage: BackupStorage;
  /** Receives the meter as soon as there is one, to report from. */
  readonly onMeter: (meter: BackupMeter) => void;
  /** How the names of its sessions on the source begin, where a successor may have to end them. */
  readonly sessionName?: string;
}

/** What is open while a backup is made. */
export interface OpenBackup {
  readonly snapshot: Snapshot;
  readonly access: LibpqAccess;
  readonly names: BackupFiles;
  /** Receives the meter as soon as there is one. */
  readonly onMeter: (meter: BackupMeter) => void;
}

type Work<T> = (open: OpenBackup, signal: AbortSignal) => Promise<T>;

/**
 * Opens the source and lends `work` one snapshot of it and free names for the files. Whatever `work` wrote and did not
 * publish is gone afterwards. A source that goes silent ends it.
 *
 * @throws SafekeepError of the catalogue, or the reason of `signal`
 */
export async function withOpenBackup<T>(
  job: BackupJob,
  type: BackupType,
  settings: BackupSettings,
  signal: AbortSignal,
  work: Work<T>,
): Promise<T> {
  await job.storage.check();
  const names = await freeNames(job.storage, type, job.journal.startedAt);
  let meter: BackupMeter | null = null;
  const onMeter = (started: BackupMeter) => {
    meter = started;
    job.onMeter(started);
  };
  const watch = watchSource(job.source, () => signOf(meter));
  try {
    const either = AbortSignal.any([signal, watch.signal]);
    return await lendSnapshot({ ...job, onMeter, names }, settings, either, work);
  } catch (error) {
    // Whatever broke off because nothing came is no failure of its own.
    if (watch.signal.aborted && !signal.aborted) throw watch.signal.reason;
    throw error;
  } finally {
    watch.close();
  }
}

/** Changes as long as data comes. */
function signOf(meter: BackupMeter | null): string {
  if (meter === null) return '';
  const { phase, doneBytes, writtenBytes, table } = meter.read(performance.now());
  return JSON.stringify([phase, doneBytes, writtenBytes, table]);
}

interface Opening extends BackupJob {
  readonly names: BackupFiles;
}

async function lendSnapshot<T>(
  { source, storage, names, onMeter, sessionName }: Opening,
  settings: BackupSettings,
  signal: AbortSignal,
  work: Work<T>,
): Promise<T> {
  const snapshot = await openLockedSnapshot({ ...source, sessionName }, settings.lockTimeout, signal);
  // A query that waits for an answer ends with its connection.
  const hangUp = () => void snapshot.close();
  signal.addEventListener('abort', hangUp, { once: true });
  // A snapshot that stays open holds back the source's vacuum, so it is closed whatever else fails.
  try {
    signal.throwIfAborted();
    const programs = sessionName === undefined ? undefined : `${sessionName}-dump`;
    const access = await libpqAccess(source.url, settings.environment, programs);
    try {
      return await work({ snapshot, access, names, onMeter }, signal);
    } finally {
      await access.close();
    }
  } catch (error) {
    // Whatever a stop broke off is no failure of its own.
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    signal.removeEventListener('abort', hangUp);
    await snapshot.close();
    await discard(storage, names, settings.logger);
  }
}

/** What cannot be removed now is swept by the reconciler (`reconcile/settle-dead-runs.ts`); it must not hide why this run failed. */
async function discard(storage: BackupStorage, names: BackupFiles, logger: Logger): Promise<void> {
  await storage.discard(Object.values(names)).catch((error: unknown) => {
    logger.warn('hidden files could not be removed', { file: names.data, error: describeError(error) });
  });
}
