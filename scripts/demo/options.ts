import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DemoError } from './demo-error.js';
import { parseSize } from './figures.js';

export const USAGE = `npm run demo -- [options]

Makes a synthetic clinic in a private PostgreSQL, backs it up through Safekeep's API, queue and worker, restores the
backup file with stock tools and compares every table. Nothing outside its folder is touched.

  --once           end after the comparison (else the demo runs until Ctrl-C)
  --size 200MB     size of the clinic's database (1 MB is 1 000 000 bytes; from 12MB)
  --folder PATH    where everything is kept (default: .safekeep-demo in the project)
  --keep           leave the data folders of PostgreSQL and Redis on the disk at the end, too
  --help           this text

Exit codes: 0 all counts are equal, 1 something failed, 2 usage, 130 and 143 stopped before the end.
`;

const SMALLEST_BYTES = 12_000_000;

export interface DemoOptions {
  readonly help: boolean;
  readonly once: boolean;
  readonly keep: boolean;
  readonly bytes: number;
  /** Absolute; `null` where the demo chooses. */
  readonly folder: string | null;
}

/** @throws DemoError that says what is wrong with the arguments. */
export function readOptions(argv: readonly string[]): DemoOptions {
  const values = parse(argv);
  const bytes = parseSize(values.size);
  if (bytes === null || bytes < SMALLEST_BYTES) {
    throw usage(`--size ${values.size} is no size from 12MB on, such as 50MB, 200MB or 4GB.`);
  }
  const { help, once, keep, folder } = values;
  return { help, once, keep, bytes, folder: folder === undefined ? null : resolve(folder) };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        help: { type: 'boolean', default: false },
        once: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        size: { type: 'string', default: '200MB' },
        folder: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(message: string): DemoError {
  return new DemoError(message, { remedy: 'See `npm run demo -- --help`.' });
}
