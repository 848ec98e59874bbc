import type { RestoreProgress } from '@safekeep/shared/contracts/restore';

/** Where each phase begins, in percent. Filling the tables takes longest; indexes follow the last byte and tell nothing. */
const BEGINS = { check: 0, preflight: 10, data: 10, indexes: 80, compare: 90 } as const;

/** Turns bytes that are done into the percent of a restore; 100 is for a finished one. */
export class RestoreMeter {
  readonly #tell: (progress: RestoreProgress) => void;
  #size = 0;

  constructor(tell: (progress: RestoreProgress) => void) {
    this.#tell = tell;
  }

  check(done: number, total: number): void {
    this.#report('check', BEGINS.check, BEGINS.preflight, done, total, null);
  }

  preflight(size: number): void {
    this.#size = size;
    this.#report('preflight', BEGINS.preflight, BEGINS.preflight, 0, size, null);
  }

  data(done: number, total: number, table: string | null): void {
    if (done < total) this.#report('data', BEGINS.data, BEGINS.indexes, done, total, table);
    else this.#report('indexes', BEGINS.indexes, BEGINS.indexes, done, total, null);
  }

  compare(): void {
    this.#report('compare', BEGINS.compare, BEGINS.compare, this.#size, this.#size, null);
  }

  #report(
    phase: RestoreProgress['phase'],
    from: number,
    to: number,
    doneBytes: number,
    totalBytes: number,
    table: string | null,
  ): void {
    const percent = from + ((to - from) * doneBytes) / Math.max(1, totalBytes);
    this.#tell({ phase, percent: Math.floor(percent * 10) / 10, doneBytes, totalBytes, table });
  }
}
