import { Duplex } from 'node:stream';
import { BUFFER_BYTES } from '../envelope.js';
import type { ArchiveSummary, WalkObserver } from '../walk.js';
import { type Block, BlockMemory } from './block.js';
import { BlockCutter } from './cut-blocks.js';
import type { DeflatedPart, DeflatePool } from './deflate-pool.js';
import { PartJoiner } from './join-parts.js';
import { ArchiveRewriter, type Rewritten } from './rewrite-archive.js';

export interface Recompressor extends Duplex {
  /** Of the archive that comes out. Known once the stream has ended without error; asked for earlier it throws. */
  summary(): ArchiveSummary;
}

/** A block on its way, in the order in which it will be written. */
interface Waiting {
  readonly block: Block;
  readonly deflated: Promise<readonly DeflatedPart[]>;
}

/**
 * Takes an archive that is not compressed (`pg_dump -Fc -Z0`) and gives the same archive compressed with gzip: each
 * table's rows and each large object as one ordinary zlib stream, made of blocks that the pool's threads deflate
 * side by side. All else is byte for byte what came in but for the compression in the head.
 *
 * The observer hears of entries when they are read, and of bytes when they are written, compressed and a few blocks later.
 * Like the walker's, the stream fails unless the archive is whole.
 *
 * Memory: the table of contents and about 1.1 MB for each of 2 · threads + 2 blocks, however long a row is.
 * Errors: the ARCHIVE_ codes; DeflateThreadError.
 */
export function createRecompressor(
  options: { readonly pool: DeflatePool; readonly level: number },
  observer: WalkObserver = {},
): Recompressor {
  return new ArchiveRecompressor(options.pool, options.level, observer);
}

class ArchiveRecompressor extends Duplex implements Recompressor {
  readonly #pool: DeflatePool;
  readonly #level: number;
  readonly #cutter: BlockCutter;
  readonly #rewriter: ArchiveRewriter;
  readonly #joiner: PartJoiner;
  /** Enough that threads have work while the oldest block is waited for. */
  readonly #most: number;
  readonly #waiting: Waiting[] = [];
  readonly #free: BlockMemory[] = [];
  #roomCame: (() => void) | null = null;
  #wanted = false;
  #writing = false;
  #rewritten: Rewritten | null = null;
  #bytes = 0;
  #summary: ArchiveSummary | undefined;

  constructor(pool: DeflatePool, level: number, observer: WalkObserver) {
    super({ highWaterMark: BUFFER_BYTES });
    this.#pool = pool;
    this.#level = level;
    this.#most = 2 * pool.threads + 2;
    this.#joiner = new PartJoiner(level, (entry, bytes) => observer.onBytes?.(entry, bytes));
    this.#cutter = new BlockCutter(
      () => this.#free.pop() ?? new BlockMemory(),
      (block) => this.#deflate(block),
    );
    this.#rewriter = new ArchiveRewriter(level, observer, this.#cutter);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#take(chunk).then(() => callback(), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    try {
      this.#rewritten = this.#rewriter.end();
      this.#cutter.flush();
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback();
  }

  override _read(): void {
    this.#wanted = true;
    this.#writeOut();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#waiting.length = 0;
    this.#roomCame?.();
    callback(error);
  }

  summary(): ArchiveSummary {
    if (this.#summary === undefined) throw new Error('the summary is not known before the archive has ended');
    return this.#summary;
  }

  /** In slices, because one may fill blocks for which there is no room until others were written. */
  async #take(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length && !this.destroyed; at += BUFFER_BYTES) {
      while (this.#waiting.length >= this.#most) {
        await new Promise<void>((resolve) => {
          this.#roomCame = resolve;
        });
      }
      this.#rewriter.feed(chunk.subarray(at, at + BUFFER_BYTES));
    }
  }

  #deflate(block: Block): void {
    const { memory, parts } = block;
    const { text, deflated: into } = memory;
    const task = { text, deflated: into, level: this.#level, parts };
    const deflated = parts.length === 0 ? Promise.resolve([]) : this.#pool.deflate(task);
    // Looked at when its turn comes, which never does where an older one fails.
    deflated.catch(() => {});
    this.#waiting.push({ block, deflated });
    this.#writeOut();
  }

  #writeOut(): void {
    if (this.#writing || this.#summary !== undefined) return;
    this.#writing = true;
    this.#writeWaiting().catch((error: unknown) => this.destroy(error as Error));
  }

  async #writeWaiting(): Promise<void> {
    try {
      for (let oldest = this.#waiting[0]; this.#wanted && oldest !== undefined; oldest = this.#waiting[0]) {
        const deflated = await oldest.deflated;
        if (this.destroyed) return;
        this.#write(oldest.block, deflated);
      }
      if (this.#waiting.length === 0 && this.#rewritten !== null) this.#writeEnd(this.#rewritten);
    } finally {
      // At once: whoever wants more right after this must find that nobody writes.
      this.#writing = false;
    }
  }

  #write(block: Block, deflated: readonly DeflatedPart[]): void {
    const bytes = this.#joiner.join(block, deflated);
    this.#waiting.shift();
    this.#free.push(block.memory);
    this.#bytes += bytes.length;
    // Reading may go on while the bytes are pushed, and then wants more though they were too many.
    this.#wanted = bytes.length === 0;
    if (this.push(bytes)) this.#wanted = true;
    this.#roomCame?.();
  }

  #writeEnd(rewritten: Rewritten): void {
    this.#summary = { ...rewritten, bytes: this.#bytes };
    this.push(null);
  }
}
