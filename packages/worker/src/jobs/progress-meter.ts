import type { Progress } from '@safekeep/shared/contracts/backup';
import type { SourceContents } from '../postgres/tables.js';

/**
 * What a byte of compressed archive is taken to be worth before any table has told, in bytes on the source's disk.
 * Only the shares inside the first tables depend on it.
 */
const FIRST_GUESS = 4;
/** A table counts as this much done at most before its block has ended. */
const MOST_OF_A_TABLE = 0.98;

/** Turns what passes through the archive walker into percent, throughput and time left. Times in milliseconds. */
export class ProgressMeter {
  readonly #sizes = new Map<number, number>();
  readonly #total: number;
  readonly #largeObjectBytes: number;
  #phase: Progress['phase'] = 'snapshot';
  #started: number | null = null;
  #done = 0;
  #doneCompressed = 0;
  #written = 0;
  #current: { size: number; compressed: number; label: string | null } | null = null;

  constructor(contents: SourceContents) {
    for (const table of contents.tables) this.#sizes.set(table.oid, table.bytes);
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

  enter(phase: Progress['phase'], now: number): void {
    this.#phase = phase;
    if (phase === 'data') this.#started ??= now;
  }

  /** A data block begins; `oid` is the table's, `null` for large objects. */
  blockStarts(oid: number | null, label: string | null): void {
    const size = oid === null ? this.#largeObjectBytes : (this.#sizes.get(oid) ?? 0);
    this.#current = { size, compressed: 0, label };
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

  #insideCurrent(): number {
    if (this.#current === null) return 0;
    const worth = this.#doneCompressed > 0 ? this.#done / this.#doneCompressed : FIRST_GUESS;
    return Math.min(this.#current.size * MOST_OF_A_TABLE, this.#current.compressed * worth);
  }
}
