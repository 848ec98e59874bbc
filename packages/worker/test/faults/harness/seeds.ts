import { appendFileSync } from 'node:fs';
import { Random } from '../../property/random.js';

/** How many seeds each fault is tried with, and the first of them; a campaign takes more (docs/TESTING.md). */
const COUNT = fromEnvironment('FAULT_SEEDS');
const FIRST = fromEnvironment('FAULT_SEED');

/** What is no number would be no seed at all, and a test file without tests passes. */
function fromEnvironment(name: string): number {
  const value = Number(process.env[name] ?? 1);
  if (Number.isInteger(value) && value >= 1) return value;
  // Mocha hides what an import throws.
  process.stderr.write(`${name} needs a whole number from 1\n`);
  return process.exit(2);
}

export interface Seed {
  readonly number: number;
  readonly random: Random;
}

/** The seeds of this run. A test names its seed in its title, so that a failure prints it. */
export const SEEDS: readonly Seed[] = Array.from({ length: COUNT }, (_, at) => ({
  number: FIRST + at,
  random: new Random(FIRST + at),
}));

/** How often each fault was brought about; printed at the end of the test file that did it, and for `npm run test:faults` written to the file FAULT_TALLIES. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** @param row of the fault matrix */
  constructor(private readonly row: number) {}

  count(fault: string): void {
    this.#counts.set(fault, (this.#counts.get(fault) ?? 0) + 1);
  }

  print(): void {
    const counts = [...this.#counts].map(([fault, count]) => `${fault} ${count}`);
    process.stdout.write(`      fault ${this.row}: ${counts.join(', ')}\n`);
    const file = process.env.FAULT_TALLIES;
    if (file === undefined) return;
    for (const [fault, count] of this.#counts) {
      appendFileSync(file, `${JSON.stringify({ row: this.row, fault, count })}\n`);
    }
  }
}
