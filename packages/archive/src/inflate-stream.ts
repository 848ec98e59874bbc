import { ArchiveError } from './archive-error.js';
import { type Codec, codecOf, type InflatedAtOnce, type Inflater } from './codecs.js';
import { createFrame, type StreamFrame } from './stream-frame.js';

/** Output is handed on in pieces of this size, in bytes: what a compressed byte blows up to is never held whole. */
const PIECE = 512 * 1024;
/** Stored bytes that may wait for zlib's thread, so that it need not wait for us. */
const WAITING = 512 * 1024;
/** Bytes, stored and inflated, up to which a stream is inflated in one go: about a millisecond at most. */
const SMALL_STORED = 32 * 1024;
const SMALL_TEXT = 512 * 1024;
const NOTHING = Buffer.alloc(0);

/** Turns the stored bytes of one stream of data back into its text; all that it holds is a few pieces. */
export interface Unpacker {
  /** Resolves when there is room for more. @throws ArchiveError ARCHIVE_DATA_BROKEN, of what was written before, too */
  write(stored: Buffer): Promise<void>;
  /** Waits for what was written. @throws ArchiveError ARCHIVE_DATA_BROKEN */
  settle(): Promise<void>;
  /** Waits for the text's end. @throws ArchiveError ARCHIVE_DATA_BROKEN */
  end(): Promise<void>;
  /** Lets go of the stream in the middle. */
  abandon(): void;
}

/** Whether data of archives that name this compression can be unpacked here. */
export function unpacks(algorithm: string): boolean {
  return algorithm === 'none' || codecOf(algorithm) !== null;
}

/** @throws ArchiveError ARCHIVE_UNSUPPORTED when `unpacks` says no */
export function createUnpacker(algorithm: string, onText: (text: Buffer) => void): Unpacker {
  if (algorithm === 'none') return plainUnpacker(onText);
  const codec = codecOf(algorithm);
  if (codec !== null) return new StreamUnpacker(codec, createFrame(algorithm), onText);
  throw new ArchiveError('ARCHIVE_UNSUPPORTED', `data compressed with ${algorithm} cannot be inflated here`);
}

function plainUnpacker(onText: (text: Buffer) => void): Unpacker {
  return {
    write: async (stored) => onText(stored),
    settle: async () => {},
    end: async () => {},
    abandon: () => {},
  };
}

/**
 * Inflates exactly one compressed stream. Its end, the Adler-32 of zlib, and that nothing is behind it are checked.
 *
 * It inflates on zlib's thread. That thread has the next bytes at hand when it is through with the last ones, and it goes
 * on while a piece of text is looked at: taking turns costs a wake-up for each piece, half of the time. Only a small
 * stream that comes in one piece is inflated at once, because a thread costs more than that: 50,000 large objects of
 * 2 kB take 0.2 s so, else 3.8 s.
 */
class StreamUnpacker implements Unpacker {
  readonly #codec: Codec;
  readonly #frame: StreamFrame | null;
  readonly #onText: (text: Buffer) => void;
  #inflate: Inflater | null = null;
  /** A small first piece, as long as no other has come. */
  #held: Buffer = NOTHING;
  #fed = 0;
  /** Stored bytes that zlib has not taken yet. */
  #waiting = 0;
  #wake: () => void = () => {};
  /** Text that nobody has looked at yet; zlib makes the next piece meanwhile, and no more than that. */
  #unseen: Buffer[] = [];
  #failure: unknown;

  constructor(codec: Codec, frame: StreamFrame | null, onText: (text: Buffer) => void) {
    this.#codec = codec;
    this.#frame = frame;
    this.#onText = onText;
  }

  async write(stored: Buffer): Promise<void> {
    this.#frame?.feed(stored);
    if (this.#inflate === null && this.#held.length === 0 && stored.length <= SMALL_STORED) {
      this.#held = stored;
      return;
    }
    this.#feed(this.#started(), stored);
    await this.#until(() => this.#waiting <= WAITING);
  }

  async settle(): Promise<void> {
    if (this.#inflate !== null) await this.#until(() => this.#waiting === 0);
  }

  async end(): Promise<void> {
    if (this.#inflate === null && this.#inflateAtOnce()) return;
    const inflate = this.#started();
    let ended = false;
    inflate.once('end', () => {
      ended = true;
      this.#wake();
    });
    inflate.end();
    await this.#until(() => ended);
    this.#look(inflate);
    this.#check();
    if (inflate.bytesWritten !== this.#fed) throw followed();
    this.#frame?.finish();
  }

  abandon(): void {
    this.#inflate?.destroy();
  }

  /** @returns false, with nothing done, when the text is not small */
  #inflateAtOnce(): boolean {
    let inflated: InflatedAtOnce;
    try {
      inflated = this.#codec.atOnce(this.#held, { maxOutputLength: SMALL_TEXT });
    } catch (cause) {
      if ((cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') return false;
      throw brokenStream(cause);
    }
    if (inflated.engine.bytesWritten !== this.#held.length) throw followed();
    this.#frame?.finish();
    this.#onText(inflated.buffer);
    return true;
  }

  #started(): Inflater {
    if (this.#inflate !== null) return this.#inflate;
    const inflate = this.#codec.create({ chunkSize: PIECE });
    this.#inflate = inflate;
    inflate.on('data', (text: Buffer) => {
      if (this.#unseen.length === 0) setImmediate(() => this.#look(inflate));
      this.#unseen.push(text);
    });
    inflate.on('error', (error) => this.#fail(inflate, error));
    // A stream that is destroyed calls back no more.
    inflate.on('close', () => this.#wake());
    this.#feed(inflate, this.#held);
    this.#held = NOTHING;
    return inflate;
  }

  #feed(inflate: Inflater, stored: Buffer): void {
    this.#check();
    this.#fed += stored.length;
    this.#waiting += stored.length;
    inflate.write(stored, () => {
      this.#waiting -= stored.length;
      this.#wake();
    });
  }

  async #until(reached: () => boolean): Promise<void> {
    while (!reached() && this.#inflate?.destroyed === false) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#check();
  }

  #look(inflate: Inflater): void {
    const texts = this.#unseen;
    this.#unseen = [];
    try {
      if (this.#failure === undefined) for (const text of texts) this.#onText(text);
    } catch (error) {
      this.#fail(inflate, error);
    }
  }

  #fail(inflate: Inflater, error: unknown): void {
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
