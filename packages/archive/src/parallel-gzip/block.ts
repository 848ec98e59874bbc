import type { TocEntry } from '../custom-format/toc.js';
import type { BlockPart } from './deflate-pool.js';

/**
 * Text that is deflated at a time, in bytes. A block costs about 25 ms at level 9 and what it loses at its end is less
 * than a thousandth of its size.
 */
export const BLOCK_BYTES = 512 * 1024;
/** RFC 1951's window: what of the text before helps to deflate a block. */
export const WINDOW_BYTES = 32 * 1024;
/** Most streams of data that begin and end in one block: 4,096 empty ones take a thread as long as a block of text. */
export const MAX_PARTS = 4_096;
/** Most bytes of the archive's structure that wait for a block's text. */
export const MAX_FRAMING_BYTES = 256 * 1024;
/** What deflate may add to a part that does not get smaller, beside its 5 bytes for 16 KiB. */
const PART_OVERHEAD = 16;

/** What a block writes, in order: bytes of the archive's structure as they are, and parts of streams. */
export type Step =
  | { readonly framing: Buffer }
  | { readonly part: BlockPart; readonly entry: TocEntry; readonly first: boolean };

/** The memory of a block; used again for another one. */
export class BlockMemory {
  readonly text = new SharedArrayBuffer(WINDOW_BYTES + BLOCK_BYTES);
  readonly deflated = new SharedArrayBuffer(BLOCK_BYTES + BLOCK_BYTES / 1024 + MAX_PARTS * PART_OVERHEAD);
  /** The text; what it has from the block before stands in front of `WINDOW_BYTES`. */
  readonly bytes = Buffer.from(this.text);
  readonly deflatedBytes = Buffer.from(this.deflated);
}

/** Text of one or more streams of data, and what stands between them in the archive. */
export class Block {
  readonly memory: BlockMemory;
  readonly steps: Step[] = [];
  readonly parts: BlockPart[] = [];
  framingBytes = 0;
  /** Where the next byte of text goes. */
  at = WINDOW_BYTES;

  constructor(memory: BlockMemory) {
    this.memory = memory;
  }

  get room(): number {
    return this.memory.bytes.length - this.at;
  }

  addFraming(framing: Buffer): void {
    this.steps.push({ framing });
    this.framingBytes += framing.length;
  }

  addPart(part: BlockPart, entry: TocEntry, first: boolean): void {
    this.parts.push(part);
    this.steps.push({ part, entry, first });
  }
}
