import { Transform, type TransformCallback } from 'node:stream';
import { ByteSource, type Reading } from './custom-format/byte-source.js';
import { type BlockObserver, readDataBlocks } from './custom-format/data-blocks.js';
import { type ArchiveHead, readHead } from './custom-format/head.js';
import { readToc, type TocEntry } from './custom-format/toc.js';
import { BUFFER_BYTES } from './envelope.js';

/** Told about an archive as it passes. Callbacks run inside the stream: keep them short. */
export interface WalkObserver extends BlockObserver {
  /** Once, before any data block. */
  onToc?(head: ArchiveHead, entries: readonly TocEntry[]): void;
}

export interface ArchiveSummary {
  readonly head: ArchiveHead;
  readonly entries: readonly TocEntry[];
  readonly dataBlocks: number;
  /** Size of the whole archive. */
  readonly bytes: number;
}

export interface Walker extends Transform {
  /** Known once the stream has ended without error; asked for earlier it throws. */
  summary(): ArchiveSummary;
}

/**
 * Passes a pg_dump custom-format archive on unchanged and reads its structure on the way. The stream fails
 * unless the archive is whole: it ends between two blocks, and every entry that has data got its block.
 * What is inside the blocks is counted, not read: only a restore or inflating them proves it.
 *
 * Memory: the table of contents (bounded, see custom-format/toc) and one chunk.
 * Errors: the ARCHIVE_ codes, as soon as the first wrong byte is seen.
 */
export function createWalker(observer: WalkObserver = {}): Walker {
  return new ArchiveWalker(observer);
}

class ArchiveWalker extends Transform implements Walker {
  readonly #source = new ByteSource();
  readonly #reading: Reading<ArchiveSummary>;
  #summary: ArchiveSummary | undefined;

  constructor(observer: WalkObserver) {
    super({ highWaterMark: BUFFER_BYTES });
    this.#reading = readArchive(this.#source, observer);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    try {
      this.#source.feed(chunk);
      this.#reading.next();
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback(null, chunk);
  }

  override _flush(callback: TransformCallback): void {
    try {
      this.#source.end();
      const step = this.#reading.next();
      if (step.done === true) this.#summary = step.value;
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback();
  }

  summary(): ArchiveSummary {
    if (this.#summary === undefined) throw new Error('the summary is not known before the archive has ended');
    return this.#summary;
  }
}

/** Reads a whole archive from its bytes. */
export function* readArchive(source: ByteSource, observer: WalkObserver): Reading<ArchiveSummary> {
  const head = yield* readHead(source);
  const entries = yield* readToc(source, head.version.minor);
  observer.onToc?.(head, entries);
  const dataBlocks = yield* readDataBlocks(source, entries, observer);
  return { head, entries, dataBlocks, bytes: source.offset };
}
