import { Readable } from 'node:stream';
import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import type { SidecarBody } from '@safekeep/archive/sidecar';
import { SafekeepError } from '@safekeep/shared/errors';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { dumpedTables, takeFingerprint } from '../fingerprint/take-fingerprint.js';
import type { Snapshot } from '../postgres/snapshot.js';
import { queryFailure } from '../postgres/source-failure.js';
import { countRows } from '../postgres/table-contents.js';
import { type WrittenFile, writeSealed } from './write-sealed.js';

interface DumpedContentsJob {
  readonly backupId: string;
  readonly snapshot: Snapshot;
  readonly storage: BackupStorage;
  readonly manifestName: string;
  readonly passphrase: string;
  /** Without it rows are counted and nothing more. */
  readonly fingerprint: boolean;
  readonly chunkRows: number | undefined;
}

/** What the snapshot held of the tables in the dump. */
export interface DumpedContents {
  readonly tables: SidecarBody['tables'];
  readonly fingerprint?: NonNullable<SidecarBody['fingerprint']>;
  /** What incrementals compare with; `null` without a fingerprint. */
  readonly manifest: WrittenFile | null;
}

/**
 * Reads, beside the dump, what a sidecar says of its contents, and writes the manifest as a hidden file.
 *
 * @throws SafekeepError DUMP_FAILED, DUMP_REFUSED, DISK_FULL; or the reason of `signal`
 */
export async function readDumpedContents(
  job: DumpedContentsJob,
  entries: readonly TocEntry[],
  signal: AbortSignal,
): Promise<DumpedContents> {
  try {
    return await read(job, entries, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof SafekeepError) throw error;
    throw queryFailure({ source: job.snapshot.source, phase: 'rows', table: null }, error);
  }
}

async function read(
  job: DumpedContentsJob,
  entries: readonly TocEntry[],
  signal: AbortSignal,
): Promise<DumpedContents> {
  if (!job.fingerprint) {
    const tables = await countRows(job.snapshot.client, dumpedTables(entries));
    return { tables, manifest: null };
  }
  let manifest: WrittenFile | null = null;
  const file = { storage: job.storage, name: job.manifestName, passphrase: job.passphrase, framed: false };
  const taken = await takeFingerprint({ ...job, entries }, async (lines) => {
    manifest = await writeSealed(Readable.from(lines), [], file, signal);
  });
  return { tables: [...taken.tables], fingerprint: taken.fingerprint, manifest };
}
