import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A backup directory as it is now, so that it can be put back after a fault. */
export class Pristine {
  readonly #copy: string;

  constructor(private readonly directory: string) {
    this.#copy = `${directory}.pristine`;
    rmSync(this.#copy, { recursive: true, force: true });
    cpSync(directory, this.#copy, { recursive: true });
  }

  /** The path of a file as it was. */
  path(name: string): string {
    return join(this.#copy, name);
  }

  putBack(): void {
    for (const name of readdirSync(this.directory)) rmSync(join(this.directory, name), { recursive: true });
    cpSync(this.#copy, this.directory, { recursive: true });
  }
}
