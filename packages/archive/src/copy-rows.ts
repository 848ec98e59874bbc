import { ArchiveError } from './archive-error.js';

const NEWLINE = 10;
const BACKSLASH = 92;
const DOT = 46;
/** pg_dump writes `\.` and three line breaks behind the rows of a table; the first ends the terminator's line. */
const LINE_BREAKS_BEHIND = 2;

/**
 * Counts the rows of one table in its COPY text as it passes. A row is a line: line breaks inside of values are escaped,
 * and so is a backslash, so that only the terminator is a line of `\.` alone.
 */
export class CopyRows {
  #rows = 0;
  #ended = false;
  #behind = 0;
  #lineBytes = 0;
  /** The first two bytes of the line, as far as they have come. */
  readonly #start = Buffer.alloc(2);

  /** @throws ArchiveError ARCHIVE_DATA_BROKEN when something follows the terminator. */
  feed(text: Buffer): void {
    let at = 0;
    while (at < text.length && !this.#ended) {
      const end = text.indexOf(NEWLINE, at);
      const stop = end === -1 ? text.length : end;
      this.#see(text, at, stop);
      if (end === -1) return;
      this.#endLine();
      at = end + 1;
    }
    for (; at < text.length; at += 1) {
      this.#behind += 1;
      if (text[at] !== NEWLINE || this.#behind > LINE_BREAKS_BEHIND)
        throw broken('data follows the last row');
    }
  }

  /** @throws ArchiveError ARCHIVE_DATA_BROKEN when the terminator did not come. */
  finish(): number {
    if (!this.#ended || this.#behind !== LINE_BREAKS_BEHIND)
      throw broken('its rows end without their terminator');
    return this.#rows;
  }

  #see(text: Buffer, from: number, to: number): void {
    if (this.#lineBytes < 2) text.copy(this.#start, this.#lineBytes, from, to);
    this.#lineBytes += to - from;
  }

  #endLine(): void {
    if (this.#lineBytes === 2 && this.#start[0] === BACKSLASH && this.#start[1] === DOT) this.#ended = true;
    else this.#rows += 1;
    this.#lineBytes = 0;
  }
}

function broken(detail: string): ArchiveError {
  return new ArchiveError('ARCHIVE_DATA_BROKEN', detail);
}
