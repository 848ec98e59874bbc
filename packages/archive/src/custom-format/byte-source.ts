import { ArchiveError } from '../archive-error.js';

/** A reading in progress: yields when it has used up the input and wants more, returns what it read. */
export type Reading<T> = Generator<undefined, T, undefined>;

interface Limit {
  readonly offset: number;
  readonly refusal: () => Error;
}

const NOTHING = Buffer.alloc(0);

/**
 * Input of a reader that is written as if it had the whole archive, yet sees it chunk by chunk. Only bytes
 * that a `take` asked for and that straddle chunks are copied; skipped bytes are never touched.
 */
export class ByteSource {
  #chunk: Buffer = NOTHING;
  #at = 0;
  #before = 0;
  #ended: boolean = false;
  #limit: Limit | null = null;

  /** Bytes read so far from the archive's begin. */
  get offset(): number {
    return this.#before + this.#at;
  }

  /** Gives the next chunk. Call it only when the reading has yielded, which it does with nothing left. */
  feed(chunk: Buffer): void {
    this.#before += this.#chunk.length;
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** Says that no chunk follows: a reading that still wants bytes then throws ARCHIVE_TRUNCATED. */
  end(): void {
    this.#ended = true;
  }

  /** Takes nothing from beyond `bytes` from here on, but throws what `refusal` gives, until `unlimit`. */
  limit(bytes: number, refusal: () => Error): void {
    this.#limit = { offset: this.offset + bytes, refusal };
  }

  unlimit(): void {
    this.#limit = null;
  }

  /** Is the archive over exactly here? Waits for the next byte or the end to know. */
  *atEnd(): Reading<boolean> {
    while (this.#at === this.#chunk.length) {
      if (this.#ended) return true;
      yield;
    }
    return false;
  }

  /**
   * Passes over `length` bytes if all of them are here already, and says whether it did. Spares a generator
   * where an uncompressed archive has a chunk for each row: 0.83 GB/s instead of 0.54 on rows of 100 bytes.
   */
  skipNow(length: number): boolean {
    if (this.#chunk.length - this.#at < length) return false;
    this.#at += length;
    return true;
  }

  /**
   * Copies the bytes of as many chunks of data as are here whole and fit into `target`, without their lengths, and
   * returns where the copy ends. Made for a chunk a row: one copy for all, moved together in place, 2 GB/s on rows of
   * 100 bytes; a copy for each 1.2.
   */
  unframeNow(target: Buffer, at: number): number {
    const begin = this.#at;
    const end = wholeChunks(this.#chunk, begin, target.length - at);
    target.set(this.#chunk.subarray(begin, end), at);
    let to = at;
    for (let from = at; from < at + end - begin; ) {
      const length = target.readUInt32LE(from + 1);
      target.copyWithin(to, from + 5, from + 5 + length);
      to += length;
      from += 5 + length;
    }
    this.#at = end;
    return to;
  }

  /** The next `length` bytes if all of them are here already, valid until the reading yields. It spares a generator. */
  takeNow(length: number): Buffer | null {
    if (this.#limit !== null && this.offset + length > this.#limit.offset) throw this.#limit.refusal();
    return this.skipNow(length) ? this.#chunk.subarray(this.#at - length, this.#at) : null;
  }

  /** The next `length` bytes, valid until the reading yields; memory grows only as the bytes arrive. */
  *take(length: number): Reading<Buffer> {
    const here = this.takeNow(length);
    if (here !== null) return here;
    const parts: Buffer[] = [];
    for (let missing = length; missing > 0; ) {
      yield* this.#more();
      const part = this.#chunk.subarray(this.#at, this.#at + missing);
      this.#at += part.length;
      missing -= part.length;
      parts.push(part);
    }
    return Buffer.concat(parts, length);
  }

  /** Passes over `length` bytes and reports them to `seen` as they arrive. */
  *skip(length: number, seen: (bytes: number) => void): Reading<void> {
    for (let missing = length; missing > 0; ) {
      yield* this.#more();
      const step = Math.min(missing, this.#chunk.length - this.#at);
      this.#at += step;
      missing -= step;
      seen(step);
    }
  }

  /** Hands the next `length` bytes to `seen` piece by piece as they arrive, uncopied and valid for good. */
  *pass(length: number, seen: (piece: Buffer) => void): Reading<void> {
    for (let missing = length; missing > 0; ) {
      yield* this.#more();
      const piece = this.#chunk.subarray(this.#at, this.#at + missing);
      this.#at += piece.length;
      missing -= piece.length;
      seen(piece);
    }
  }

  *#more(): Reading<void> {
    if (yield* this.atEnd()) {
      throw new ArchiveError('ARCHIVE_TRUNCATED', `the archive ends early, after ${this.offset} bytes`, {
        byte: this.offset,
      });
    }
  }
}

/** Where the last chunk ends that is whole, not the empty one at a stream's end, and within `room` bytes. */
function wholeChunks(bytes: Buffer, begin: number, room: number): number {
  const most = Math.min(bytes.length, begin + room);
  let at = begin;
  while (at + 5 <= most && bytes[at] === 0) {
    const length = bytes.readUInt32LE(at + 1);
    if (length === 0 || length > most - at - 5) break;
    at += 5 + length;
  }
  return at;
}
