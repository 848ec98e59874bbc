import { ArchiveError } from '../archive-error.js';
import { ByteSource, type Reading } from '../custom-format/byte-source.js';
import {
  blockTypeOf,
  holdsLargeObjects,
  type PayloadObserver,
  readDataBlocks,
} from '../custom-format/data-blocks.js';
import { type ArchiveHead, readHead, saysGzip } from '../custom-format/head.js';
import { readToc } from '../custom-format/toc.js';
import { intBytes } from '../custom-format/write-primitives.js';
import type { ArchiveSummary, WalkObserver } from '../walk.js';
import type { BlockCutter } from './cut-blocks.js';

/** What the archive holds that comes out; its size is known by who writes it. */
export type Rewritten = Omit<ArchiveSummary, 'bytes'>;

/**
 * Reads an archive that is not compressed and hands it to a cutter: structure as it is but for the compression that
 * the head names, streams of data without the lengths of their chunks.
 * Errors: the ARCHIVE_ codes; ARCHIVE_UNSUPPORTED for an archive that is compressed already.
 */
export class ArchiveRewriter {
  readonly #source = new ByteSource();
  readonly #cutter: BlockCutter;
  readonly #level: number;
  readonly #observer: WalkObserver;
  readonly #reading: Reading<Rewritten>;
  /** Bytes of head and table of contents that were not passed on yet. */
  #held: Buffer[] = [];
  #heldFrom = 0;
  #state: 'head' | 'toc' | 'data' = 'head';

  constructor(level: number, observer: WalkObserver, cutter: BlockCutter) {
    this.#level = level;
    this.#observer = observer;
    this.#cutter = cutter;
    this.#reading = this.#read();
  }

  feed(bytes: Buffer): void {
    if (this.#state !== 'data') this.#held.push(bytes);
    this.#source.feed(bytes);
    this.#reading.next();
    if (this.#state === 'toc') this.#passOn((held) => held);
  }

  /** Says that nothing follows. */
  end(): Rewritten {
    this.#source.end();
    const step = this.#reading.next();
    if (step.done === true) return step.value;
    throw new Error('an archive that ended is still being read');
  }

  *#read(): Reading<Rewritten> {
    const plain = yield* readHead(this.#source);
    requirePlain(plain);
    const { minor } = plain.version;
    const level = minor >= 15 ? {} : { level: this.#level };
    const head: ArchiveHead = { ...plain, compression: { algorithm: 'gzip', ...level } };
    this.#passOn((held) => saysGzip(held, head, this.#level));
    this.#state = 'toc';
    const entries = yield* readToc(this.#source, minor);
    this.#passOn((held) => held);
    this.#held = [];
    this.#state = 'data';
    this.#observer.onToc?.(head, entries);
    const dataBlocks = yield* readDataBlocks(this.#source, entries, this.#blocks());
    return { head, entries, dataBlocks };
  }

  /** Passes on what is held up to where the reading has come, and holds the rest. */
  #passOn(change: (held: Buffer) => Buffer): void {
    const held = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
    const read = this.#source.offset - this.#heldFrom;
    if (read > 0) this.#cutter.frame(change(held.subarray(0, read)));
    this.#held = [held.subarray(read)];
    this.#heldFrom = this.#source.offset;
  }

  #blocks(): PayloadObserver {
    const cutter = this.#cutter;
    return {
      onBlockStart: (entry) => {
        cutter.frame(Buffer.concat([Buffer.from([blockTypeOf(entry)]), intBytes(entry.dumpId)]));
        this.#observer.onBlockStart?.(entry);
      },
      onStreamStart: (entry, _offset, oid) => {
        if (oid !== null) cutter.frame(intBytes(oid));
        cutter.begin(entry);
      },
      onChunks: (source) => cutter.fill(source),
      onPayload: (piece) => cutter.add(piece),
      onStreamEnd: () => cutter.end(),
      onBlockEnd: (entry) => {
        if (holdsLargeObjects(entry)) cutter.frame(intBytes(0));
        this.#observer.onBlockEnd?.(entry);
      },
    };
  }
}

function requirePlain(head: ArchiveHead): void {
  if (head.compression.algorithm === 'none') return;
  throw new ArchiveError('ARCHIVE_UNSUPPORTED', 'the archive that is to be compressed is compressed already');
}
