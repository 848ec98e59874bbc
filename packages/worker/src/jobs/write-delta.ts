import { ArchiveError } from '@safekeep/archive/archive-error';
import { type DeflatePool, DeflateThreadError } from '@safekeep/archive/parallel-gzip/deflate-pool';
import { createRecompressor } from '@safekeep/archive/parallel-gzip/recompress';
import { fail, SafekeepError } from '@safekeep/shared/errors';
import type { BackupFiles } from '@safekeep/shared/storage/backup-names';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { to as copyTo } from 'pg-copy-streams';
import { rowsEncoding } from '../incremental/apply/staging.js';
import { createDeltaArchive } from '../incremental/delta-archive.js';
import type { DeltaPlan, DeltaRows } from '../incremental/delta-plan.js';
import { keptKeysQuery, newRowsQuery } from '../incremental/delta-table.js';
import type { TransactionWindow } from '../incremental/transaction-window.js';
import type { Snapshot } from '../postgres/snapshot.js';
import { queryFailure } from '../postgres/source-failure.js';
import { readCompression } from './compression.js';
import type { IncrementalMeter } from './incremental-meter.js';
import { type WrittenFile, writeSealed } from './write-sealed.js';

interface DeltaFile {
  readonly plan: DeltaPlan;
  readonly snapshot: Snapshot;
  readonly window: TransactionWindow;
  readonly storage: BackupStorage;
  readonly names: BackupFiles;
  readonly passphrase: string;
  readonly deflatePool: DeflatePool;
  /** Such as `gzip:9`. */
  readonly compression: string;
  readonly meter: IncrementalMeter;
}

interface WrittenDelta {
  readonly file: WrittenFile;
  /** Bytes of the archive inside. */
  readonly archiveSize: number;
}

/**
 * Rows that changed → delta archive → gzip on all cores → encryption → gzip frame → hash → hidden file. Rows are read in the snapshot
 * as the file takes them.
 *
 * @throws SafekeepError DUMP_FAILED, DUMP_REFUSED, DUMP_INCOMPLETE, COMPRESSION_FAILED, DISK_FULL; or the reason of `signal`
 */
export async function writeDelta(job: DeltaFile, signal: AbortSignal): Promise<WrittenDelta> {
  const { plan, storage, names, passphrase, meter, deflatePool: pool } = job;
  const { level } = readCompression(job.compression);
  const gzip = createRecompressor({ pool, level }, { onBytes: (_entry, bytes) => meter.fileBytes(bytes) });
  try {
    const archive = createDeltaArchive(plan, rowsOf(job));
    const file = await writeSealed(
      archive,
      [gzip],
      { storage, name: names.data, passphrase, framed: true },
      signal,
    );
    return { file, archiveSize: gzip.summary().bytes };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof SafekeepError) throw error;
    if (error instanceof DeflateThreadError) throw fail('COMPRESSION_FAILED', {}, error);
    if (error instanceof ArchiveError) throw fail('DUMP_INCOMPLETE', { reason: error.message }, error);
    throw queryFailure({ source: job.snapshot.source, phase: 'data', table: null }, error);
  }
}

function rowsOf({ plan, snapshot, window }: DeltaFile): DeltaRows {
  const encoding = rowsEncoding(plan.encoding);
  const copy = (query: string) =>
    snapshot.client.query(copyTo(`COPY (${query}) TO STDOUT (ENCODING '${encoding}')`));
  return {
    newRows: (table) => copy(newRowsQuery(table, window)),
    keptKeys: (table) => copy(keptKeysQuery(table, window)),
  };
}
