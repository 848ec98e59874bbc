import type { Progress } from '@safekeep/shared/contracts/backup';
import type { SourceContents, SourceTable } from '../postgres/contents.js';

/**
 * What a byte of compressed archive is taken to be worth before any table has told, in bytes on the source's disk; it
 * weighs as much as this many compressed bytes of tables that are done (an empty table tells nothing).
 */
const FIRST_GUESS = 4;
const WEIGHT_OF_GUESS = 1 << 20;
/** A table counts as this much done at most before its block has ended. */
const MOST_OF_A_TABLE = 0.98;

/** The data block that passes now. */
interface Block {
  /** `null` for large objects. */
  readonly oid: number | null;
  readonly label: string | null;
  /** Bytes on the source's disk. */
  readonly size: number;
  compressed: number;
  /** The part of the table's rows that was read, `null` when the server does not tell. */
  share: number | null;
  /** Bytes that were shown as done: a better estimate never takes them back. */
  shown: number;
}

/** Turns what passes through the archive walker into percent, throughput and time left. Times in milliseconds. */
export class ProgressMeter {
  readonly #tables: ReadonlyMap<number, SourceTable>;
  readonly #total: number;
  #largeObjectBytes: number;
  #phase: Progress['phase'] = 'snapshot';
  #started: number | null = null;
  #done = 0;
  #doneCompressed = 0;
  #written = 0;
  #current: Block | null = null;

  constructor(contents: SourceContents) {
    this.#tables = new Map(contents.tables.map((table) => [table.oid, table]));
    this.#largeObjectBytes = contents.largeObjects > 0 ? contents.largeObjectBytes : 0;
    this.#total = contents.tables.reduce((sum, table) => sum + table.bytes, 0) + this.#largeObjectBytes;
  }

  get phase(): Progress['phase'] {
    return this.#phase;
  }

  /** The table that is being dumped. */
  get table(): string | null {
    return this.#current?.label ?? null;
  }

  /** `now`, here and in `read`: milliseconds of a clock that nobody sets, `performance.now()`. */
  enter(phase: Progress['phase'], now: number): void {
    this.#phase = phase;
    if (phase === 'data') this.#started ??= now;
  }

  /** A data block begins; `oid` is the table's, `null` for large objects, all of which count with their first block. */
  blockStarts(oid: number | null, label: string | null): void {
    const size = oid === null ? this.#largeObjectBytes : (this.#tables.get(oid)?.bytes ?? 0);
    if (oid === null) this.#largeObjectBytes = 0;
    this.#current = { oid, label, size, compressed: 0, share: null, shown: 0 };
  }

  /** The server has read so many rows of a table. */
  rowsCopied(oid: number, rows: number): void {
    const estimated = this.#tables.get(oid)?.estimatedRows ?? 0;
    if (this.#current?.oid === oid && estimated > 0) this.#current.share = rows / estimated;
  }

  blockBytes(bytes: number): void {
    if (this.#current !== null) this.#current.compressed += bytes;
  }

  blockEnds(): void {
    if (this.#current === null) return;
    this.#done += this.#current.size;
    this.#doneCompressed += this.#current.compressed;
    this.#current = null;
  }

  fileBytes(bytes: number): void {
    this.#written += bytes;
  }

  read(now: number): Progress {
    const doneBytes = Math.min(this.#total, this.#done + this.#insideCurrent());
    const seconds = this.#started === null ? 0 : (now - this.#started) / 1000;
    const bytesPerSecond = seconds > 0 ? doneBytes / seconds : 0;
    const left = this.#total - doneBytes;
    return {
      phase: this.#phase,
      percent: this.#percent(doneBytes),
      doneBytes: Math.round(doneBytes),
      totalBytes: this.#total,
      writtenBytes: this.#written,
      bytesPerSecond: Math.round(bytesPerSecond),
      secondsLeft: bytesPerSecond > 0 && seconds >= 1 ? Math.ceil(left / bytesPerSecond) : null,
      table: this.table,
    };
  }

  /** 100 is for the finished backup alone. */
  #percent(doneBytes: number): number {
    if (this.#phase === 'publish') return 99;
    if (this.#total === 0) return 0;
    return Math.min(99, Math.floor((doneBytes / this.#total) * 1000) / 10);
  }

  /** By the rows that the server has read, else by compressed bytes at the rate of the tables before. */
  #insideCurrent(): number {
    if (this.#current === null) return 0;
    const { size, compressed, share, shown } = this.#current;
    const rate = (this.#done + FIRST_GUESS * WEIGHT_OF_GUESS) / (this.#doneCompressed + WEIGHT_OF_GUESS);
    const estimate = share === null ? compressed * rate : size * share;
    this.#current.shown = Math.max(shown, Math.min(size * MOST_OF_A_TABLE, estimate));
    return this.#current.shown;
  }
}
