import type { Sidecar } from '@safekeep/archive/sidecar';
import { whyIncomparable } from '../incremental/judge-base.js';
import { planDelta } from '../incremental/plan-delta.js';
import { type Promotion, promotion } from '../incremental/promotion.js';
import { readWindow, type TransactionWindow } from '../incremental/transaction-window.js';
import { readContents, type SourceContents } from '../postgres/contents.js';
import { chooseProgram, findPrograms, type PostgresPrograms } from '../postgres/program.js';
import { queryFailure } from '../postgres/source-failure.js';
import { chooseBase } from './choose-base.js';
import { ownCompression } from './compression.js';
import { IncrementalMeter } from './incremental-meter.js';
import { lookAtChanges } from './look-at-changes.js';
import { type BackupJob, type BackupSettings, type OpenBackup, withOpenBackup } from './open-backup.js';
import type { OpenBase } from './open-base.js';
import { expectedDeltaBytes, requireSpace } from './preflight.js';
import { publishBackup } from './publish-backup.js';
import { readDeltaContents } from './read-delta-contents.js';
import { companionOf, sidecarBody } from './sidecar-body.js';
import { writeDelta } from './write-delta.js';

export type IncrementalOutcome =
  | { readonly kind: 'taken'; readonly sidecar: Sidecar }
  | ({ readonly kind: 'promoted' } & Promotion);

/** All that is known when the rows can be written. */
interface OpenIncremental extends BackupJob, OpenBackup {
  readonly base: OpenBase;
  readonly programs: PostgresPrograms;
  readonly contents: SourceContents;
  readonly window: TransactionWindow;
  readonly meter: IncrementalMeter;
}

/**
 * Takes the rows that changed since the newest usable full backup: base authentic and held → snapshot → same server and
 * window of transactions → same large objects, and beside each other the same schema, roles, and a look at every table →
 * delta archive → published with its sidecar last. Where it cannot be shown that the result is exact, nothing is published
 * and the answer says why a full backup is needed.
 *
 * @returns the published sidecar, or the promotion; the history row is the caller's to complete
 * @throws SafekeepError of the catalogue, or the reason of `signal`
 */
export async function incrementalBackup(
  job: BackupJob,
  settings: BackupSettings,
  signal: AbortSignal,
): Promise<IncrementalOutcome> {
  if (!settings.fingerprint)
    return promoted(promotion('fingerprint-off', 'BACKUP_FINGERPRINT is off, so no backup can be built on.'));
  const { encryptionKey } = settings;
  const base = await chooseBase({ ...job, encryptionKey }, signal);
  if ('code' in base) return promoted(base);
  try {
    return await withOpenBackup(job, 'incremental', settings, signal, (open, stop) =>
      judgeAndTake({ ...job, ...open }, base, settings, stop),
    );
  } catch (error) {
    // Whatever a stop broke off is no failure of its own.
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    await base.close();
  }
}

function promoted(why: Promotion): IncrementalOutcome {
  return { kind: 'promoted', ...why };
}

async function judgeAndTake(
  job: BackupJob & OpenBackup,
  base: OpenBase,
  settings: BackupSettings,
  signal: AbortSignal,
): Promise<IncrementalOutcome> {
  const { snapshot } = job;
  const window = await readWindow(snapshot.client, base.sidecar.snapshot.xmin).catch((error: unknown) => {
    throw queryFailure({ source: snapshot.source, phase: 'snapshot', table: null }, error);
  });
  const why = whyIncomparable({ base: base.sidecar.snapshot, now: snapshot.facts, window });
  if (why !== null) return promoted(why);
  const found = await findPrograms(settings.programDirectories);
  const programs = chooseProgram(found, { source: snapshot.source, version: snapshot.serverVersion });
  const contents = await readContents(snapshot);
  // Enough to begin with; how much changed is not known yet.
  requireSpace(await job.storage.freeBytes(), expectedDeltaBytes([], []));
  await job.journal.nameFile(job.names.data);
  const meter = new IncrementalMeter(contents);
  job.onMeter(meter);
  return take({ ...job, base, programs, contents, window, meter }, settings, signal);
}

async function take(
  job: OpenIncremental,
  settings: BackupSettings,
  signal: AbortSignal,
): Promise<IncrementalOutcome> {
  const passphrase = settings.encryptionKey.reveal();
  const looked = await lookAtChanges(job, settings, signal);
  if ('code' in looked) return promoted(looked);
  const { snapshot, base, names, storage, meter, programs, contents } = job;
  const plan = await planDelta({
    base: { id: base.sidecar.id, fileName: base.sidecar.fileName },
    increment: { id: job.id, fileName: names.data },
    snapshot,
    pgDumpVersion: programs.version,
    detected: looked.tables,
  });
  requireSpace(await storage.freeBytes(), expectedDeltaBytes(contents.tables, plan.changed));
  meter.enter('data', performance.now());
  const compression = ownCompression(settings.compression);
  const { deflatePool } = settings;
  const written = await writeDelta({ ...job, plan, passphrase, deflatePool, compression }, signal);
  meter.enter('publish', performance.now());
  const body = sidecarBody({
    ...{ id: job.id, type: 'incremental', source: snapshot.source, names, snapshot, programs, passphrase },
    startedAt: job.journal.startedAt,
    endedAt: await job.journal.now(signal),
    compression,
    ...written,
    contents: await readDeltaContents(
      { snapshot, base: base.sidecar, plan, detected: looked.tables },
      passphrase,
    ),
    companions: [companionOf('globals', names.globals, looked.globals)],
    previous: await job.journal.previous(signal),
  });
  const files = [names.data, names.globals];
  const published = { body, files, sidecar: names.sidecar, passphrase, meter };
  return { kind: 'taken', sidecar: await publishBackup(job, published, signal) };
}
