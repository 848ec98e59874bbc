import { ArchiveError } from '../archive-error.js';
import type { ByteSource, Reading } from './byte-source.js';
import { malformed, readByte, readInt } from './primitives.js';
import type { TocEntry } from './toc.js';

const BLOCK_DATA = 1;
const BLOCK_LARGE_OBJECTS = 3;
const DESC_LARGE_OBJECTS = 'BLOBS';

/** Whether the entry's data block is a list of large objects, each with its oid, ended by oid 0. */
export function holdsLargeObjects(entry: TocEntry): boolean {
  return entry.desc === DESC_LARGE_OBJECTS;
}

/** The byte that the entry's data block begins with. */
export function blockTypeOf(entry: TocEntry): number {
  return holdsLargeObjects(entry) ? BLOCK_LARGE_OBJECTS : BLOCK_DATA;
}

/** Told about data blocks as they pass. What a callback throws ends the reading with that error. */
export interface BlockObserver {
  onBlockStart?(entry: TocEntry): void;
  /** `bytes` more of the entry's data as stored, compressed or not; framing is not counted. */
  onBytes?(entry: TocEntry, bytes: number): void;
  onBlockEnd?(entry: TocEntry): void;
}

/** Told about the content of data blocks as well. A table's block is one stream of data, each large object is one. */
export interface PayloadObserver extends BlockObserver {
  /**
   * `offset` is where the stream's first chunk begins, in bytes from the archive's begin; `oid` a large object's as
   * written, negative from 2^31, and `null` for a table's rows.
   */
  onStreamStart(entry: TocEntry, offset: number, oid: number | null): void;
  /** Before each chunk: may take whole chunks out of the source itself, and gets the rest by `onPayload`. */
  onChunks?(source: ByteSource): void;
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
  if (type !== blockTypeOf(entry)) {
    throw malformed(
      source,
      `the data block of dump id ${entry.dumpId} has the wrong or an unknown type, ${type}`,
    );
  }
  if (!holdsLargeObjects(entry)) {
    yield* readStream(source, entry, null, observer);
    return;
  }
  for (let oid = yield* readInt(source); oid !== 0; oid = yield* readInt(source)) {
    yield* readStream(source, entry, oid, observer);
  }
}

function* readStream(
  source: ByteSource,
  entry: TocEntry,
  oid: number | null,
  observer: BlockObserver | PayloadObserver,
): Reading<void> {
  if (!('onPayload' in observer)) {
    yield* skipChunks(source, (bytes) => observer.onBytes?.(entry, bytes));
    return;
  }
  observer.onStreamStart(entry, source.offset, oid);
  for (;;) {
    observer.onChunks?.(source);
    const length = yield* readLength(source);
    if (length === 0) break;
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
