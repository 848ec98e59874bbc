export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const PLAIN_EVERY_MS = 2_000;

/** Where the demo writes: lines, and one line of progress that a terminal shows in place. */
export class Screen {
  readonly #out: Output;
  #progress = '';
  #lastPlain = 0;

  constructor(out: Output) {
    this.#out = out;
  }

  get isTerminal(): boolean {
    return this.#out.isTTY === true;
  }

  say(text = ''): void {
    this.#clear();
    this.#out.write(`${text}\n`);
  }

  heading(text: string): void {
    const bold = this.isTerminal && process.env.NO_COLOR === undefined;
    this.say(`\n${bold ? `\x1b[1m${text}\x1b[0m` : text}`);
  }

  /** Shows how far something is: in place on a terminal, else as a line every other second. */
  progress(text: string): void {
    if (this.isTerminal) {
      // Some terminals say that they have 0 columns.
      const width = (this.#out.columns || 80) - 1;
      this.#progress = [...text].slice(0, width).join('');
      this.#out.write(`\r\x1b[K${this.#progress}`);
    } else if (text !== this.#progress && Date.now() - this.#lastPlain >= PLAIN_EVERY_MS) {
      [this.#progress, this.#lastPlain] = [text, Date.now()];
      this.#out.write(`${text}\n`);
    }
  }

  #clear(): void {
    if (this.isTerminal && this.#progress !== '') this.#out.write('\r\x1b[K');
    this.#progress = '';
  }
}
