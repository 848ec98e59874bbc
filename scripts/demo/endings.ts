/** What was started and must be ended, the newest first, however the run ends. */
export class Endings {
  readonly #endings: (() => Promise<void> | void)[] = [];

  add(end: () => Promise<void> | void): void {
    this.#endings.push(end);
  }

  /** Ends everything; one that fails does not keep the others from ending. @returns the failures. */
  async run(): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (let end = this.#endings.pop(); end !== undefined; end = this.#endings.pop()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }
}
