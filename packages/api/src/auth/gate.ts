import { refuse } from '../refusal.js';

/** What a full line is told to wait, in seconds: about as long as a full line takes (throttle/limits.ts). */
const RETRY_AFTER = '2';

/** Lets a few pieces of work run at a time; the others wait in line, and the line has an end. */
export class Gate {
  readonly #width: number;
  readonly #line: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(width: number, line: number) {
    this.#width = width;
    this.#line = line;
  }

  /** @throws SafekeepError TOO_MANY_REQUESTS when the line is full. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#width) await this.#wait();
    else this.#running += 1;
    try {
      return await work();
    } finally {
      // Whoever is next takes over the place, so nobody can slip in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#line)
      throw refuse('TOO_MANY_REQUESTS', {}, { 'Retry-After': RETRY_AFTER });
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
