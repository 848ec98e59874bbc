import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DemoError } from '../demo/demo-error.js';

export const USAGE = `npm run bench:api -- [options]

Measures the REST API under load: a process of its own on a private PostgreSQL and Redis, with a long history and no
worker. First each kind of request by itself: health, metrics, pages of the history, logins and requests for backups.
Then clients that mean harm, while others go on asking. The table goes to standard output, progress to standard
error. docs/BENCHMARKS.md says how to read it.

  --seconds 10          how long each kind of request is measured (1 to 600)
  --connections 10      how many clients ask at a time (1 to 1000)
  --rows 100000         how many backups stand in history (1000 to 2000000)
  --hostile 2000        how many connections of each kind of hostile client (10 to 10000)
  --check               end with 1 when an answer was an error, a probe failed or memory grew without bound
  --json                everything as JSON instead of Markdown
  --folder PATH         where everything is kept (default: .safekeep-bench in the project; removed at the end)
  --help                this text

Exit codes: 0 measured, 1 something failed, 2 usage, 130 and 143 stopped before the end.
`;

export interface ApiBenchOptions {
  readonly help: boolean;
  readonly json: boolean;
  readonly check: boolean;
  readonly seconds: number;
  readonly connections: number;
  readonly rows: number;
  readonly hostile: number;
  /** Absolute; `null` where the benchmark chooses. */
  readonly folder: string | null;
}

/** @throws DemoError that says what is wrong with the arguments. */
export function readOptions(argv: readonly string[]): ApiBenchOptions {
  const { help, json, check, folder, ...given } = parse(argv);
  return {
    help,
    json,
    check,
    seconds: readCount('--seconds', given.seconds, 1, 600),
    connections: readCount('--connections', given.connections, 1, 1_000),
    rows: readCount('--rows', given.rows, 1_000, 2_000_000),
    hostile: readCount('--hostile', given.hostile, 10, 10_000),
    folder: folder === undefined ? null : resolve(folder),
  };
}

function readCount(option: string, text: string, least: number, most: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= least && count <= most) return count;
  throw usage(`${option} ${text} is no number from ${least} to ${most}.`);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        help: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        seconds: { type: 'string', default: '10' },
        connections: { type: 'string', default: '10' },
        rows: { type: 'string', default: '100000' },
        hostile: { type: 'string', default: '2000' },
        folder: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(message: string): DemoError {
  return new DemoError(message, { remedy: 'See `npm run bench:api -- --help`.' });
}
