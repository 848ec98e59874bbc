import type { Sidecar } from '@safekeep/archive/sidecar';
import { readContents } from '../postgres/contents.js';
import { chooseProgram, findPrograms } from '../postgres/program.js';
import { requireCompression } from '../postgres/require-compression.js';
import { readCompression } from './compression.js';
import { dumpArchive } from './dump-archive.js';
import { dumpGlobals } from './dump-globals.js';
import { type BackupJob, type BackupSettings, type OpenBackup, withOpenBackup } from './open-backup.js';
import { expectedBytes, requireSpace } from './preflight.js';
import { ProgressMeter } from './progress-meter.js';
import { publishBackup } from './publish-backup.js';
import { companionOf, sidecarBody } from './sidecar-body.js';

interface FullBackupJob extends BackupJob {
  readonly type: 'full' | 'emergency';
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
  return withOpenBackup(job, job.type, settings, signal, (open, stop) =>
    backUp({ ...job, ...open }, settings, stop),
  );
}

async function backUp(
  job: FullBackupJob & OpenBackup,
  settings: BackupSettings,
  signal: AbortSignal,
): Promise<Sidecar> {
  const { snapshot, storage, names, access } = job;
  const source = job.source.name;
  const passphrase = settings.encryptionKey.reveal();

  const found = await findPrograms(settings.programDirectories);
  const programs = chooseProgram(found, { source, version: snapshot.serverVersion });
  await requireCompression(programs, settings.compression);
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
  const dumped = await dumpArchive(
    {
      ...shared,
      id: job.id,
      source: job.source,
      contents,
      compression: readCompression(settings.compression),
      deflatePool: settings.deflatePool,
      names,
      fingerprint: settings.fingerprint,
      chunkRows: settings.chunkRows,
      meter,
    },
    signal,
  );

  const { manifest, ...contentsOfDump } = dumped.contents;

  meter.enter('publish', performance.now());
  const previous = await job.journal.previous(signal);
  const body = sidecarBody({
    id: job.id,
    type: job.type,
    source,
    startedAt: job.journal.startedAt,
    endedAt: await job.journal.now(signal),
    names,
    snapshot,
    programs,
    compression: settings.compression,
    passphrase,
    file: dumped.file,
    archiveSize: dumped.archive.bytes,
    contents: { ...contentsOfDump, largeObjects: dumped.largeObjects },
    companions: [
      companionOf('globals', names.globals, globals),
      ...(manifest === null ? [] : [companionOf('manifest', names.manifest, manifest)]),
    ],
    previous,
  });
  const files = [names.data, names.globals, ...(manifest === null ? [] : [names.manifest])];
  return publishBackup(job, { body, files, sidecar: names.sidecar, passphrase, meter }, signal);
}
