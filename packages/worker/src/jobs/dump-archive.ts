import { ArchiveError } from '@safekeep/archive/archive-error';
import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import { type DeflatePool, DeflateThreadError } from '@safekeep/archive/parallel-gzip/deflate-pool';
import { createRecompressor, type Recompressor } from '@safekeep/archive/parallel-gzip/recompress';
import { type ArchiveSummary, createWalker, type Walker, type WalkObserver } from '@safekeep/archive/walk';
import type { Source } from '@safekeep/shared/config/sources';
import { fail } from '@safekeep/shared/errors';
import type { BackupFiles } from '@safekeep/shared/storage/backup-names';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { requireAllTables, type SourceContents } from '../postgres/contents.js';
import { watchCopy } from '../postgres/copy-progress.js';
import { type DumpOptions, type DumpProcess, startPgDump } from '../postgres/pg-dump.js';
import type { Snapshot } from '../postgres/snapshot.js';
import { dumpFailure } from '../postgres/source-failure.js';
import { type Compression, dumpCompression } from './compression.js';
import type { ProgressMeter } from './progress-meter.js';
import { type DumpedContents, readDumpedContents } from './read-dumped-contents.js';
import { type WrittenFile, writeSealed } from './write-sealed.js';

interface ArchiveDump {
  /** The backup's. */
  readonly id: string;
  readonly source: Source;
  readonly snapshot: Snapshot;
  readonly contents: SourceContents;
  readonly options: DumpOptions;
  readonly compression: Compression;
  readonly deflatePool: DeflatePool;
  readonly storage: BackupStorage;
  readonly names: BackupFiles;
  readonly passphrase: string;
  /** Whether contents are hashed, and not only rows counted. */
  readonly fingerprint: boolean;
  readonly chunkRows: number | undefined;
  readonly meter: ProgressMeter;
}

export interface DumpedArchive {
  readonly file: WrittenFile;
  readonly archive: ArchiveSummary;
  readonly contents: DumpedContents;
  readonly largeObjects: number;
}

/**
 * pg_dump → compression → encryption → gzip frame → hash → hidden file, while the rows of every table are counted
 * and hashed in the same snapshot. It succeeds only when pg_dump exits with 0, the archive is whole, holds every table of the
 * snapshot, and all its bytes are on the disk.
 *
 * @throws SafekeepError DUMP_FAILED, DUMP_REFUSED, DUMP_INCOMPLETE, COMPRESSION_FAILED, DISK_FULL; or the reason of `signal`
 */
export async function dumpArchive(job: ArchiveDump, signal: AbortSignal): Promise<DumpedArchive> {
  const counting = new AbortController();
  const stopped = AbortSignal.any([signal, counting.signal]);
  let reading: Promise<DumpedContents> | undefined;
  const compress = dumpCompression(job.compression);
  const dump = startPgDump({ ...job.options, snapshot: job.snapshot.name, compress });
  const filter = archiveFilter(job, {
    onToc: (_head, entries) => {
      job.meter.enter('data', performance.now());
      // pg_dump is connected, so the file with the password need not stay for hours.
      job.options.access.close().catch(() => {});
      const what = { ...job, backupId: job.id, manifestName: job.names.manifest };
      reading = readDumpedContents(what, entries, stopped);
      reading.catch((error: unknown) => counting.abort(error));
    },
    onBlockStart: (entry) => job.meter.blockStarts(...labelOf(entry)),
    onBytes: (_entry, bytes) => {
      job.meter.blockBytes(bytes);
      job.meter.fileBytes(bytes);
    },
    onBlockEnd: () => job.meter.blockEnds(),
  });
  job.meter.enter('schema', performance.now());
  const watch = watchCopy(job.source.url, job.options.access.applicationName, (oid, copied) =>
    job.meter.rowsCopied(oid, copied),
  );
  try {
    const file = await write(job, dump, filter, stopped).finally(() => watch.close());
    const archive = filter.summary();
    requireAllTables(job.contents.tables, archive.entries);
    if (reading === undefined) throw new Error('an archive ended well without its table of contents');
    return { file, archive, contents: await reading, largeObjects: job.contents.largeObjects };
  } catch (error) {
    // A scan may take hours; it ends with its connection, and only then can nobody begin to write the manifest.
    counting.abort(error);
    await job.snapshot.close();
    await reading?.catch(() => {});
    throw error;
  }
}

/** Compresses what pg_dump writes, or only looks at what pg_dump has compressed. */
function archiveFilter(job: ArchiveDump, observer: WalkObserver): Walker | Recompressor {
  const { algorithm, level } = job.compression;
  if (algorithm !== 'gzip') return createWalker(observer);
  return createRecompressor({ pool: job.deflatePool, level }, observer);
}

/** Writes the file and judges how pg_dump ended: a program that failed is the cause of an archive that is cut short. */
async function write(
  job: ArchiveDump,
  dump: DumpProcess,
  filter: Walker | Recompressor,
  stopped: AbortSignal,
): Promise<WrittenFile> {
  const target = { storage: job.storage, name: job.names.data, passphrase: job.passphrase, framed: true };
  try {
    const file = await writeSealed(dump.stdout, [filter], target, stopped);
    await requireSuccess(job, dump);
    return file;
  } catch (error) {
    if (stopped.aborted || !(error instanceof ArchiveError)) dump.stop();
    const end = await dump.ended;
    if (stopped.aborted) throw stopped.reason;
    if (error instanceof DeflateThreadError) throw fail('COMPRESSION_FAILED', {}, error);
    if (!(error instanceof ArchiveError)) throw error;
    if (!end.ok) await requireSuccess(job, dump);
    throw fail('DUMP_INCOMPLETE', { reason: error.message }, error);
  }
}

async function requireSuccess(job: ArchiveDump, dump: DumpProcess): Promise<void> {
  const end = await dump.ended;
  const at = { source: job.source.name, phase: job.meter.phase, table: job.meter.table };
  if (!end.ok) throw dumpFailure(at, end);
}

function labelOf(entry: TocEntry): [oid: number | null, label: string | null] {
  if (entry.desc !== 'TABLE DATA') return [null, entry.desc === 'BLOBS' ? 'large objects' : null];
  return [entry.catalogOid, `${entry.namespace}.${entry.tag}`];
}
