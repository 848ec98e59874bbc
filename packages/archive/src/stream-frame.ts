import { ArchiveError } from './archive-error.js';
import { ByteSource, type Reading } from './custom-format/byte-source.js';
import { readLz4Frame } from './lz4-frame.js';
import { readZstdFrame } from './zstd-frame.js';

/**
 * Follows the frame of a compressed stream without inflating it, to know that it came to its end and that nothing is behind
 * it. Those who inflate do not mind: Node's zstd takes a frame that is cut short for one that has ended, and so does
 * pg_restore, which goes on behind the end as well.
 */
export class StreamFrame {
  readonly #source = new ByteSource();
  readonly #reading: Reading<void>;
  #fed = 0;
  #over = false;

  constructor(read: (source: ByteSource) => Reading<void>) {
    this.#reading = read(this.#source);
  }

  /** @throws ArchiveError ARCHIVE_DATA_BROKEN when this is no frame, or goes on behind its end. */
  feed(stored: Buffer): void {
    this.#fed += stored.length;
    if (!this.#over) {
      this.#source.feed(stored);
      this.#over = this.#reading.next().done === true;
    }
    if (this.#over && this.#fed > this.#source.offset)
      throw broken('data follows the end of its compressed frame');
  }

  /** @throws ArchiveError ARCHIVE_DATA_BROKEN when the frame has not ended. */
  finish(): void {
    if (!this.#over) throw broken('its compressed frame is cut short');
  }
}

/** What follows a stream of an archive that names this compression; `null` where the format has no frames. */
export function createFrame(algorithm: string): StreamFrame | null {
  if (algorithm === 'zstd') return new StreamFrame(readZstdFrame);
  return algorithm === 'lz4' ? new StreamFrame(readLz4Frame) : null;
}

function broken(detail: string): ArchiveError {
  return new ArchiveError('ARCHIVE_DATA_BROKEN', detail);
}
