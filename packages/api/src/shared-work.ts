/** Work that is done once for all who ask for it while it goes on: a crowd costs no more than one of it. */
export class SharedWork<Result> {
  readonly #work: () => Promise<Result>;
  #going: Promise<Result> | undefined;

  constructor(work: () => Promise<Result>) {
    this.#work = work;
  }

  result(): Promise<Result> {
    this.#going ??= this.#work().finally(() => {
      this.#going = undefined;
    });
    return this.#going;
  }
}
