import type { TocEntry } from '../custom-format/toc.js';
import { intBytes } from '../custom-format/write-primitives.js';
import type { Block } from './block.js';
import type { DeflatedPart } from './deflate-pool.js';
import { ADLER_OF_NOTHING, joinAdlers, zlibHeader, zlibTrailer } from './zlib-stream.js';

const END_OF_STREAM = intBytes(0);

/** Makes of deflated blocks, given in their order, the bytes of an archive: each stream of data one zlib stream. */
export class PartJoiner {
  readonly #header: Buffer;
  readonly #onBytes: (entry: TocEntry, bytes: number) => void;
  #adler = ADLER_OF_NOTHING;

  /** `onBytes` is told how many bytes of a stream were written, without framing. */
  constructor(level: number, onBytes: (entry: TocEntry, bytes: number) => void) {
    this.#header = zlibHeader(level);
    this.#onBytes = onBytes;
  }

  /** A copy: the block's memory may be used again at once. */
  join(block: Block, deflated: readonly DeflatedPart[]): Buffer {
    const pieces: Buffer[] = [];
    let number = 0;
    let at = 0;
    for (const step of block.steps) {
      if ('framing' in step) {
        pieces.push(step.framing);
        continue;
      }
      const { bytes, adler } = deflated[number] as DeflatedPart;
      number += 1;
      const { from, to, last } = step.part;
      this.#adler = joinAdlers(step.first ? ADLER_OF_NOTHING : this.#adler, adler, to - from);
      const chunk = [
        ...(step.first ? [this.#header] : []),
        block.memory.deflatedBytes.subarray(at, at + bytes),
        ...(last ? [zlibTrailer(this.#adler)] : []),
      ];
      at += bytes;
      const length = chunk.reduce((sum, piece) => sum + piece.length, 0);
      pieces.push(intBytes(length), ...chunk);
      if (last) pieces.push(END_OF_STREAM);
      this.#onBytes(step.entry, length);
    }
    return Buffer.concat(pieces);
  }
}
