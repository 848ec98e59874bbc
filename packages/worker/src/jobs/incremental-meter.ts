import type { Progress } from '@safekeep/shared/contracts/backup';
import type { SourceContents } from '../postgres/contents.js';
import type { BackupMeter } from './open-backup.js';

/** Most of an incremental's time is the look at every table; rows are few. */
const LOOK_PERCENT = 90;

/** Turns what an incremental does into percent, throughput and time left. Times in milliseconds. */
export class IncrementalMeter implements BackupMeter {
  readonly #bytes: ReadonlyMap<string, number>;
  readonly #total: number;
  #phase: Progress['phase'] = 'snapshot';
  #started: number | null = null;
  #done = 0;
  #written = 0;
  #table: { readonly label: string; readonly bytes: number } | null = null;

  constructor({ tables }: SourceContents) {
    this.#bytes = new Map(tables.map((table) => [`${table.schema}.${table.name}`, table.bytes]));
    this.#total = tables.reduce((sum, table) => sum + table.bytes, 0);
  }

  enter(phase: Progress['phase'], now: number): void {
    this.#phase = phase;
    this.#started ??= now;
  }

  /** The next table is looked at; the one before is done. */
  tableStarts({ schema, name }: { readonly schema: string; readonly name: string }): void {
    this.tablesEnd();
    const label = `${schema}.${name}`;
    this.#table = { label, bytes: this.#bytes.get(label) ?? 0 };
  }

  tablesEnd(): void {
    this.#done += this.#table?.bytes ?? 0;
    this.#table = null;
  }

  fileBytes(bytes: number): void {
    this.#written += bytes;
  }

  read(now: number): Progress {
    const seconds = this.#started === null ? 0 : (now - this.#started) / 1000;
    const bytesPerSecond = seconds > 0 ? this.#done / seconds : 0;
    const left = this.#total - this.#done;
    return {
      phase: this.#phase,
      percent: this.#percent(),
      doneBytes: this.#done,
      totalBytes: this.#total,
      writtenBytes: this.#written,
      bytesPerSecond: Math.round(bytesPerSecond),
      secondsLeft: bytesPerSecond > 0 && seconds >= 1 ? Math.ceil(left / bytesPerSecond) : null,
      table: this.#table?.label ?? null,
    };
  }

  #percent(): number {
    if (this.#phase === 'publish') return 99;
    if (this.#phase === 'data') return LOOK_PERCENT;
    if (this.#total === 0) return 0;
    return Math.min(LOOK_PERCENT, Math.floor((this.#done / this.#total) * LOOK_PERCENT * 10) / 10);
  }
}
