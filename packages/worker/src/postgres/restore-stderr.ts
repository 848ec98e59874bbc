import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import {
  judge,
  objectOf,
  type RestoreAsked,
  type RestoreMessage,
  restoreSqlstate,
} from './restore-messages.js';

/** What is kept of a line, in characters; statements and rows in messages may be as long as they like. */
const LINE_KEPT = 4_096;
/** How many errors are remembered; all are counted. */
const MESSAGES_KEPT = 100;

/** What the standard error of a pg_restore amounts to. */
export interface StderrVerdict {
  /** The first hundred errors, real ones before harmless ones. */
  readonly messages: readonly RestoreMessage[];
  readonly realErrors: number;
  readonly harmlessErrors: number;
  /** How many errors pg_restore says it passed over, its very last word; `null` where it never came so far. */
  readonly errorsIgnored: number | null;
}

/**
 * Reads pg_restore's standard error as it comes and keeps of it only what may be kept. A statement or a row that is
 * quoted there can look like a line of pg_restore's own: it may add an error, but never hide one, for every line that
 * pg_restore writes is read as such.
 */
export class RestoreStderr {
  readonly #entries: ReadonlyMap<number, TocEntry>;
  readonly #asked: RestoreAsked;
  #line = '';
  #entry: TocEntry | null = null;
  #initializing = false;
  #errorsIgnored: number | null = null;
  readonly #real: RestoreMessage[] = [];
  readonly #harmless: RestoreMessage[] = [];
  #realErrors = 0;
  #harmlessErrors = 0;

  constructor(entries: readonly TocEntry[], asked: RestoreAsked) {
    this.#entries = new Map(entries.map((entry) => [entry.dumpId, entry]));
    this.#asked = asked;
  }

  push(text: string): void {
    const [first = '', ...rest] = text.split('\n');
    this.#grow(first);
    for (const piece of rest) {
      this.#read(this.#line);
      this.#line = '';
      this.#grow(piece);
    }
  }

  verdict(): StderrVerdict {
    if (this.#line !== '') this.#read(this.#line);
    this.#line = '';
    return {
      messages: [...this.#real, ...this.#harmless].slice(0, MESSAGES_KEPT),
      realErrors: this.#realErrors,
      harmlessErrors: this.#harmlessErrors,
      errorsIgnored: this.#errorsIgnored,
    };
  }

  #grow(piece: string): void {
    if (this.#line.length < LINE_KEPT) this.#line += piece.slice(0, LINE_KEPT - this.#line.length);
  }

  #read(line: string): void {
    const own = /^pg_restore: (?:(error|fatal|warning): )?(.*)$/.exec(line);
    if (own === null) return;
    const [, severity, text = ''] = own;
    this.#errorsIgnored = null;
    if (severity === undefined) this.#place(text);
    else if (severity === 'warning') {
      const ignored = /^errors ignored on restore: (\d+)$/.exec(text)?.[1];
      if (ignored !== undefined) this.#errorsIgnored = Number(ignored);
    } else this.#count(text);
  }

  /** pg_restore names the place of an error only when it is another one than that of the error before. */
  #place(text: string): void {
    const stage = /^while (INITIALIZING|PROCESSING TOC|FINALIZING):$/.exec(text)?.[1];
    if (stage !== undefined) {
      this.#initializing = stage === 'INITIALIZING';
      if (stage !== 'PROCESSING TOC') this.#entry = null;
    }
    const dumpId = /^from TOC entry (\d+);/.exec(text)?.[1];
    if (dumpId !== undefined) this.#entry = this.#entries.get(Number(dumpId)) ?? null;
  }

  #count(text: string): void {
    const message = /(?:ERROR|FATAL|PANIC): {2}(.*)$/.exec(text)?.[1] ?? text;
    const harmless = text.startsWith('could not execute query: ERROR:  ')
      ? judge({ message, entry: this.#entry, initializing: this.#initializing }, this.#asked)
      : null;
    const object = this.#entry === null ? null : objectOf(this.#entry);
    const kept = { harmless, sqlstate: restoreSqlstate(message), object };
    if (harmless === null) this.#realErrors += 1;
    else this.#harmlessErrors += 1;
    const list = harmless === null ? this.#real : this.#harmless;
    if (list.length < MESSAGES_KEPT) list.push(kept);
  }
}
