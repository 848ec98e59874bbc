import { parseArgs } from 'node:util';
import { DemoError } from '../demo/demo-error.js';

export const USAGE = `npm run soak -- [options]

Lets Safekeep work while everything around it fails: an API and several workers take backups of three databases that
are written to, verify, test and clean up, while workers, API, Redis and both PostgreSQL servers are killed, processes
are frozen, the network is cut and backups are cancelled, all of it at random. At the end the faults stop, what is
under way comes to its end, and everything that was accepted is looked for. docs/TESTING.md says what is looked at.
All servers are private ones on 127.0.0.1.

  --minutes 20     how long things fail; what follows takes some minutes more
  --seed N         decides what happens and when, as far as chance is ours (default: drawn, and printed)
  --workers 4      worker processes
  --help           this text

Exit codes: 0 nothing was lost, 1 something was, or the soak itself failed, 2 usage, 130 and 143 stopped before the end.
`;

export interface SoakOptions {
  readonly help: boolean;
  readonly minutes: number;
  readonly seed: number;
  readonly workers: number;
}

/** @throws DemoError that says what is wrong with the arguments. */
export function readOptions(argv: readonly string[]): SoakOptions {
  const { help, minutes, seed, workers } = parse(argv);
  return {
    help,
    minutes: number('--minutes', minutes, 1, 24 * 60),
    seed: seed === undefined ? Math.floor(Math.random() * 1_000_000) : number('--seed', seed, 0, 2 ** 31),
    workers: number('--workers', workers, 1, 32),
  };
}

function number(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw usage(`${option} ${text} is no whole number from ${least} to ${most}.`);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        help: { type: 'boolean', default: false },
        minutes: { type: 'string', default: '20' },
        seed: { type: 'string' },
        workers: { type: 'string', default: '4' },
      },
    }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(message: string): DemoError {
  return new DemoError(message, { remedy: 'See `npm run soak -- --help`.' });
}
