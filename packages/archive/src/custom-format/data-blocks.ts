import { ArchiveError } from '../archive-error.js';
import type { ByteSource, Reading } from './byte-source.js';
import { malformed, readByte, readInt } from './primitives.js';
import type { TocEntry } from './toc.js';

const BLOCK_DATA = 1;
const BLOCK_LARGE_OBJECTS = 3;
const DESC_LARGE_OBJECTS = 'BLOBS';

/** Told about data blocks as they pass. What a callback throws ends the reading with that error. */
export interface BlockObserver {
  onBlockStart?(entry: TocEntry): void;
  /** `bytes` more of the entry's data as stored, compressed or not; framing is not counted. */
  onBytes?(entry: TocEntry, bytes: number): void;
  onBlockEnd?(entry: TocEntry): void;
}

/** Told about the content of data blocks as well. A table's block is one stream of data, each large object is one. */
export interface PayloadObserver extends BlockObserver {
  /** `offset` is where the stream's first chunk begins, in bytes from the archive's begin. */
  onStreamStart(entry: TocEntry, offset: number): void;
  /** More of the stream as stored, compressed or not. */
  onPayload(piece: Buffer): void;
  onStreamEnd(): void;
}

/**
 * Passes over every data block up to the archive's end and returns how many there were. Blocks come in any
 * order, one for each entry that has data and none for others.
 * Errors: ARCHIVE_MALFORMED, ARCHIVE_MISSING_DATA, ARCHIVE_TRUNCATED.
 */
export function* readDataBlocks(
  source: ByteSource,
  entries: readonly TocEntry[],
  observer: BlockObserver,
): Reading<number> {
  const awaited = new Map(entries.filter((entry) => entry.hasData).map((entry) => [entry.dumpId, entry]));
  const expected = awaited.size;
  while (!(yield* source.atEnd())) {
    const type = yield* readByte(source);
    const dumpId = yield* readInt(source);
    const entry = awaited.get(dumpId);
    if (entry === undefined) {
      throw malformed(source, `a data block has the dump id ${dumpId}, which awaits none or had its own`);
    }
    awaited.delete(dumpId);
    observer.onBlockStart?.(entry);
    yield* readBlock(source, type, entry, observer);
    observer.onBlockEnd?.(entry);
  }
  const [missing] = awaited.keys();
  if (missing !== undefined) {
    throw new ArchiveError(
      'ARCHIVE_MISSING_DATA',
      `the archive ends without the data of ${awaited.size} of ${expected} entries, the first with dump id ${missing}`,
    );
  }
  return expected;
}

function* readBlock(
  source: ByteSource,
  type: number,
  entry: TocEntry,
  observer: BlockObserver,
): Reading<void> {
  const largeObjects = entry.desc === DESC_LARGE_OBJECTS;
  if (type !== (largeObjects ? BLOCK_LARGE_OBJECTS : BLOCK_DATA)) {
    throw malformed(
      source,
      `the data block of dump id ${entry.dumpId} has the wrong or an unknown type, ${type}`,
    );
  }
  if (!largeObjects) {
    yield* readStream(source, entry, observer);
    return;
  }
  // Oids above 2^31 are written as negative numbers; only 0, the end of the list, means anything here.
  while ((yield* readInt(source)) !== 0) yield* readStream(source, entry, observer);
}

function* readStream(
  source: ByteSource,
  entry: TocEntry,
  observer: BlockObserver | PayloadObserver,
): Reading<void> {
  if (!('onPayload' in observer)) {
    yield* skipChunks(source, (bytes) => observer.onBytes?.(entry, bytes));
    return;
  }
  observer.onStreamStart(entry, source.offset);
  for (let length = yield* readLength(source); length !== 0; length = yield* readLength(source)) {
    yield* source.pass(length, (piece) => observer.onPayload(piece));
  }
  observer.onStreamEnd();
}

function* skipChunks(source: ByteSource, count: (bytes: number) => void): Reading<void> {
  for (let length = yield* readLength(source); length !== 0; length = yield* readLength(source)) {
    if (source.skipNow(length)) count(length);
    else yield* source.skip(length, count);
  }
}

function* readLength(source: ByteSource): Reading<number> {
  const length = yield* readInt(source);
  if (length < 0) throw malformed(source, 'a chunk has a negative length');
  return length;
}
