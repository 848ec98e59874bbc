import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DemoError } from '../demo/demo-error.js';
import { parseSize } from '../demo/figures.js';

export const USAGE = `npm run bench -- [options]

Measures Safekeep's full backup, from the API through queue and worker to the finished history row, against a shell
pipe and against pg_dump alone, on a synthetic clinic in a private PostgreSQL. The runs alternate, so that whatever
else the machine does meets all of them. The report goes to standard output, progress to standard error.

  --size 1GB       size of the clinic's database (1 MB is 1 000 000 bytes)
  --pairs 5        how often each contender runs
  --json           the report as JSON instead of Markdown
  --folder PATH    where everything is kept (default: .safekeep-bench in the project; removed at the end)
  --help           this text

Exit codes: 0 measured, 1 something failed, 2 usage, 130 and 143 stopped before the end.
`;

const SMALLEST_BYTES = 12_000_000;

export interface BenchOptions {
  readonly help: boolean;
  readonly json: boolean;
  readonly bytes: number;
  readonly pairs: number;
  /** Absolute; `null` where the benchmark chooses. */
  readonly folder: string | null;
}

/** @throws DemoError that says what is wrong with the arguments. */
export function readOptions(argv: readonly string[]): BenchOptions {
  const { help, json, size, pairs, folder } = parse(argv);
  const bytes = parseSize(size);
  if (bytes === null || bytes < SMALLEST_BYTES) {
    throw usage(`--size ${size} is no size from 12MB on, such as 200MB or 1GB.`);
  }
  if (!/^[1-9]\d?$/.test(pairs)) throw usage(`--pairs ${pairs} is no number from 1 to 99.`);
  return { help, json, bytes, pairs: Number(pairs), folder: folder === undefined ? null : resolve(folder) };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        help: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        size: { type: 'string', default: '1GB' },
        pairs: { type: 'string', default: '5' },
        folder: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(message: string): DemoError {
  return new DemoError(message, { remedy: 'See `npm run bench -- --help`.' });
}
