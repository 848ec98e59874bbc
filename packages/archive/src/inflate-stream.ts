import { once } from 'node:events';
import { createInflate, type Inflate } from 'node:zlib';
import { ArchiveError } from './archive-error.js';

/** Output is handed on in pieces of this size, in bytes: what a compressed byte blows up to is never held whole. */
const PIECE = 128 * 1024;

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
 * It inflates on zlib's thread, off the event loop.
 */
export function zlibUnpacker(onText: (text: Buffer) => void): Unpacker {
  return new ZlibUnpacker(onText);
}

class ZlibUnpacker implements Unpacker {
  readonly #inflate: Inflate;
  #fed = 0;
  #failure: unknown;

  constructor(onText: (text: Buffer) => void) {
    this.#inflate = createInflate({ chunkSize: PIECE });
    this.#inflate.on('data', (text: Buffer) => {
      try {
        onText(text);
      } catch (error) {
        this.#fail(error);
      }
    });
    this.#inflate.on('error', (error) => this.#fail(error));
  }

  async write(stored: Buffer): Promise<void> {
    this.#check();
    this.#fed += stored.length;
    await new Promise<void>((resolve) => {
      this.#inflate.write(stored, () => resolve());
      // A stream that is destroyed calls back no more.
      this.#inflate.once('close', resolve);
    });
    this.#inflate.removeAllListeners('close');
    this.#check();
  }

  async end(): Promise<void> {
    this.#check();
    const ended = once(this.#inflate, 'end').catch(() => {});
    const closed = once(this.#inflate, 'close').catch(() => {});
    this.#inflate.end();
    await Promise.race([ended, closed]);
    this.#check();
    if (this.#inflate.bytesWritten !== this.#fed) {
      throw new ArchiveError('ARCHIVE_DATA_BROKEN', 'data follows the end of its compressed stream');
    }
  }

  abandon(): void {
    this.#inflate.destroy();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#inflate.destroy();
  }

  #check(): void {
    if (this.#failure === undefined) return;
    if (this.#failure instanceof ArchiveError) throw this.#failure;
    const options = { cause: this.#failure };
    throw new ArchiveError('ARCHIVE_DATA_BROKEN', 'its compressed stream is broken or cut short', options);
  }
}
