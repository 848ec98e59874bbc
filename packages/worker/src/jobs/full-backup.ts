import { parseSidecar, type Sidecar, serializeSidecar } from '@safekeep/archive/sidecar';
import type { Secret } from '@safekeep/shared/config/secret';
import type { Source } from '@safekeep/shared/config/sources';
import { describeError, type Logger } from '@safekeep/shared/logger';
import type { BackupFiles } from '@safekeep/shared/storage/backup-names';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { readContents } from '../postgres/contents.js';
import { type LibpqAccess, libpqAccess } from '../postgres/libpq-environment.js';
import { chooseProgram, findPrograms } from '../postgres/program.js';
import { openSnapshot, type Snapshot } from '../postgres/snapshot.js';
import type { BackupJournal } from './backup-journal.js';
import { dumpArchive } from './dump-archive.js';
import { dumpGlobals } from './dump-globals.js';
import { freeNames } from './free-names.js';
import { expectedBytes, requireSpace } from './preflight.js';
import { ProgressMeter } from './progress-meter.js';
import { sidecarBody } from './sidecar-body.js';
import { writeText } from './write-sealed.js';

/** What every backup job of this worker is given. */
export interface BackupSettings {
  readonly logger: Logger;
  readonly encryptionKey: Secret;
  /** `gzip:1` to `gzip:9`. */
  readonly compression: string;
  /** How long to wait for a locked table, in milliseconds. */
  readonly lockTimeout: number;
  /** Folders that may hold pg_dump (see `programDirectories`). */
  readonly programDirectories: readonly string[];
  /** The worker's environment: PATH and HOME of the programs it starts. */
  readonly environment: NodeJS.ProcessEnv;
}

interface FullBackupJob {
  readonly id: string;
  readonly type: 'full' | 'emergency';
  readonly source: Source;
  readonly journal: BackupJournal;
  readonly storage: BackupStorage;
  /** Receives the meter as soon as there is one, to report from. */
  readonly onMeter: (meter: ProgressMeter) => void;
}

/**
 * Takes one backup of all of a source: one exported snapshot, dumped, compressed, encrypted, framed and hashed in one stream, then
 * published with its sidecar last. Until then nothing is visible, and whatever fails leaves nothing behind.
 *
 * @returns the published sidecar; the history row is the caller's to complete.
 * @throws SafekeepError of the catalogue, or the reason of `signal`
 */
export async function fullBackup(
  job: FullBackupJob,
  settings: BackupSettings,
  signal: AbortSignal,
): Promise<Sidecar> {
  await job.storage.check();
  const names = await freeNames(job.storage, job.type, job.journal.startedAt);
  const snapshot = await openSnapshot(job.source, settings.lockTimeout);
  // A snapshot that stays open holds back the source's vacuum, so it is closed whatever else fails.
  try {
    const access = await libpqAccess(job.source.url, settings.environment);
    try {
      return await backUp({ ...job, snapshot, access, names }, settings, signal);
    } finally {
      await access.close();
    }
  } finally {
    await snapshot.close();
    await discard(job.storage, names, settings.logger);
  }
}

/** What cannot be removed now is swept by the source's next run after a death; it must not hide why this run failed. */
async function discard(storage: BackupStorage, names: BackupFiles, logger: Logger): Promise<void> {
  await storage.discard(Object.values(names)).catch((error: unknown) => {
    logger.warn('hidden files could not be removed', { file: names.data, error: describeError(error) });
  });
}

interface OpenJob extends FullBackupJob {
  readonly snapshot: Snapshot;
  readonly access: LibpqAccess;
  readonly names: BackupFiles;
}

async function backUp(job: OpenJob, settings: BackupSettings, signal: AbortSignal): Promise<Sidecar> {
  const { snapshot, storage, names, access } = job;
  const source = job.source.name;
  const passphrase = settings.encryptionKey.reveal();

  const found = await findPrograms(settings.programDirectories);
  const programs = chooseProgram(found, { source, version: snapshot.serverVersion });
  const contents = await readContents(snapshot);
  const tableBytes = contents.tables.reduce((sum, table) => sum + table.bytes, contents.largeObjectBytes);
  const lastSize = await job.journal.lastSize();
  requireSpace(await storage.freeBytes(), expectedBytes({ lastSize, tableBytes }));
  await job.journal.nameFile(names.data);

  const meter = new ProgressMeter(contents);
  job.onMeter(meter);
  const options = { programs, access, lockTimeout: settings.lockTimeout };
  const shared = { snapshot, options, storage, passphrase };
  const globals = await dumpGlobals({ ...shared, fileName: names.globals }, signal);
  const gzipLevel = Number(settings.compression.split(':')[1]);
  const dumped = await dumpArchive(
    { ...shared, source: job.source, contents, gzipLevel, fileName: names.data, meter },
    signal,
  );

  meter.enter('publish', Date.now());
  const previous = await job.journal.previous(signal);
  const body = sidecarBody({
    id: job.id,
    type: job.type,
    source,
    startedAt: job.journal.startedAt,
    endedAt: new Date(),
    names,
    snapshot,
    programs,
    compression: settings.compression,
    passphrase,
    dumped,
    globals,
    previous,
  });
  const text = serializeSidecar(body, passphrase);
  await writeText(storage, names.sidecar, text);
  // The last look at the lease: a run that lost its place publishes nothing.
  await job.journal.confirm(meter.read(Date.now()), signal);
  await storage.publish([names.data, names.globals, names.sidecar]);
  return parseSidecar(text, passphrase);
}
