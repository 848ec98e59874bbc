import { once } from 'node:events';
import { createInflate, type Inflate, inflateSync } from 'node:zlib';
import { ArchiveError } from './archive-error.js';

/** Output is handed on in pieces of this size, in bytes: what a compressed byte blows up to is never held whole. */
const PIECE = 128 * 1024;
/** Bytes, stored and inflated, up to which a stream is inflated in one go: about a millisecond at most. */
const SMALL_STORED = 32 * 1024;
const SMALL_TEXT = 512 * 1024;
const NOTHING = Buffer.alloc(0);

/** What inflateSync gives when asked for `info`; @types/node does not know. */
interface InflatedAtOnce {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** Turns the stored bytes of one stream of data back into its text; all that it holds is one piece. */
export interface Unpacker {
  write(stored: Buffer): Promise<void>;
  /** @throws ArchiveError ARCHIVE_DATA_BROKEN */
  end(): Promise<void>;
  /** Lets go of the stream in the middle. */
  abandon(): void;
}

/** For archives that are not compressed. */
export function plainUnpacker(onText: (text: Buffer) => void): Unpacker {
  return {
    write: async (stored) => onText(stored),
    end: async () => {},
    abandon: () => {},
  };
}

/**
 * Inflates exactly one zlib stream. Its end, its Adler-32 and that nothing is behind it are checked.
 *
 * It inflates on zlib's thread, off the event loop; only a small stream that comes in one piece is inflated at once,
 * because a thread costs more than that: 50,000 large objects of 2 kB take 0.2 s so, else 3.8 s.
 */
export function zlibUnpacker(onText: (text: Buffer) => void): Unpacker {
  return new ZlibUnpacker(onText);
}

class ZlibUnpacker implements Unpacker {
  readonly #onText: (text: Buffer) => void;
  #inflate: Inflate | null = null;
  /** A small first piece, as long as no other has come. */
  #held: Buffer = NOTHING;
  #fed = 0;
  #failure: unknown;

  constructor(onText: (text: Buffer) => void) {
    this.#onText = onText;
  }

  async write(stored: Buffer): Promise<void> {
    if (this.#inflate === null && this.#held.length === 0 && stored.length <= SMALL_STORED) {
      this.#held = stored;
      return;
    }
    const inflate = await this.#started();
    await this.#feed(inflate, stored);
  }

  async end(): Promise<void> {
    if (this.#inflate === null && this.#inflateAtOnce()) return;
    const inflate = await this.#started();
    this.#check();
    const ended = once(inflate, 'end').catch(() => {});
    const closed = once(inflate, 'close').catch(() => {});
    inflate.end();
    await Promise.race([ended, closed]);
    this.#check();
    if (inflate.bytesWritten !== this.#fed) throw followed();
  }

  abandon(): void {
    this.#inflate?.destroy();
  }

  /** @returns false, with nothing done, when the text is not small */
  #inflateAtOnce(): boolean {
    let inflated: InflatedAtOnce;
    try {
      const options = { info: true, maxOutputLength: SMALL_TEXT };
      inflated = inflateSync(this.#held, options) as unknown as InflatedAtOnce;
    } catch (cause) {
      if ((cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') return false;
      throw brokenStream(cause);
    }
    if (inflated.engine.bytesWritten !== this.#held.length) throw followed();
    this.#onText(inflated.buffer);
    return true;
  }

  async #started(): Promise<Inflate> {
    if (this.#inflate !== null) return this.#inflate;
    const inflate = createInflate({ chunkSize: PIECE });
    this.#inflate = inflate;
    inflate.on('data', (text: Buffer) => {
      try {
        this.#onText(text);
      } catch (error) {
        this.#fail(inflate, error);
      }
    });
    inflate.on('error', (error) => this.#fail(inflate, error));
    await this.#feed(inflate, this.#held);
    this.#held = NOTHING;
    return inflate;
  }

  async #feed(inflate: Inflate, stored: Buffer): Promise<void> {
    this.#check();
    this.#fed += stored.length;
    await new Promise<void>((resolve) => {
      inflate.write(stored, () => resolve());
      // A stream that is destroyed calls back no more.
      inflate.once('close', resolve);
    });
    inflate.removeAllListeners('close');
    this.#check();
  }

  #fail(inflate: Inflate, error: unknown): void {
    this.#failure ??= error;
    inflate.destroy();
  }

  #check(): void {
    if (this.#failure === undefined) return;
    throw this.#failure instanceof ArchiveError ? this.#failure : brokenStream(this.#failure);
  }
}

function brokenStream(cause: unknown): ArchiveError {
  return new ArchiveError('ARCHIVE_DATA_BROKEN', 'its compressed stream is broken or cut short', { cause });
}

function followed(): ArchiveError {
  return new ArchiveError('ARCHIVE_DATA_BROKEN', 'data follows the end of its compressed stream');
}
