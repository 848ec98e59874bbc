const NEWLINE = 10;
const COPY_BEGINS = Buffer.from(' FROM stdin;');
const COPY_ENDS = Buffer.from('\\.');
const LARGE_OBJECT_BEGINS = Buffer.from('SELECT pg_catalog.lo_open(');

/**
 * Counts rows and large objects in the script that `pg_restore --data-only --file=-` writes, as it passes. Of a line it keeps
 * both ends only. A name that has ` FROM stdin;` at the end of one of its lines would confuse it.
 */
export class DataScript {
  /** Rows of each table, in the order of the script; the last one's may still grow. */
  readonly rows: number[] = [];
  largeObjects = 0;
  #copying = false;
  #lineBytes = 0;
  #begin: Buffer = Buffer.alloc(0);
  #end: Buffer = Buffer.alloc(0);

  /** Whether the script has ended the rows of every table that it began. */
  get settled(): boolean {
    return !this.#copying;
  }

  feed(text: Buffer): void {
    for (let at = 0; at < text.length; ) {
      const found = text.indexOf(NEWLINE, at);
      const stop = found === -1 ? text.length : found;
      this.#see(text.subarray(at, stop));
      if (found === -1) return;
      this.#endLine();
      at = found + 1;
    }
  }

  #see(part: Buffer): void {
    if (part.length === 0) return;
    const missing = LARGE_OBJECT_BEGINS.length - this.#begin.length;
    if (missing > 0) this.#begin = joined(this.#begin, part.subarray(0, missing));
    const end = part.subarray(-COPY_BEGINS.length);
    const wanted = COPY_BEGINS.length - end.length;
    this.#end = wanted === 0 ? end : joined(this.#end, end).subarray(-COPY_BEGINS.length);
    this.#lineBytes += part.length;
  }

  #endLine(): void {
    if (this.#copying) {
      if (this.#lineBytes === COPY_ENDS.length && this.#begin.equals(COPY_ENDS)) this.#copying = false;
      else this.rows[this.rows.length - 1] = (this.rows.at(-1) ?? 0) + 1;
    } else if (this.#end.equals(COPY_BEGINS)) {
      this.#copying = true;
      this.rows.push(0);
    } else if (this.#begin.equals(LARGE_OBJECT_BEGINS)) this.largeObjects += 1;
    this.#lineBytes = 0;
    this.#begin = this.#begin.subarray(0, 0);
    this.#end = this.#begin;
  }
}

function joined(before: Buffer, more: Buffer): Buffer {
  return before.length === 0 ? more : Buffer.concat([before, more]);
}
