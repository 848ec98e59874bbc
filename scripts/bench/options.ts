import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DemoError } from '../demo/demo-error.js';
import { parseSize } from '../demo/figures.js';
import { type Change, readChanges } from './change.js';

export const PARTS = [
  'full',
  'incremental',
  'verify',
  'restore',
  'memory',
  'pgbackrest',
  'parallel',
] as const;
export type Part = (typeof PARTS)[number];

export const USAGE = `npm run bench -- [options]

Measures Safekeep, from the API through queue and worker to the finished history row, beside the tools that people use
instead, on a synthetic clinic in a private PostgreSQL: one table of ratios, Safekeep above the line, so that less is
better in every row. The runs alternate, so that whatever else the machine does meets all of them. The table goes to
standard output, progress to standard error. docs/BENCHMARKS.md says how to read it.

  --size 1GB            size of the clinic's database (1 MB is 1 000 000 bytes; from 12MB)
  --pairs 3             how often each contender runs; the table has the median
  --only PARTS          some of full,incremental,verify,restore,memory,pgbackrest,parallel (default: all but parallel)
  --updates 0.01,0.1,1,10   percent of the rows that are updated, all over patients, appointments and observations
  --inserts 0.1         percent of rows that are inserted at the end of these tables
  --deletes 0.1         percent of the rows of appointments and observations that are deleted, all over them
                        (each percentage is an incremental of its own on a fresh full; "none" leaves a kind out)
  --memory-sizes 1GB,4GB    the part "memory" also takes one full backup of a clinic of each of these sizes
  --check               compare with the goals, and end with 1 when one is missed
  --json                everything as JSON instead of Markdown, every single run included
  --folder PATH         where everything is kept (default: .safekeep-bench in the project; removed at the end)
  --help                this text

Parts: "full" beside a shell pipe, pg_dump alone and pg_dump without compression, with and without hashes and manifest;
"incremental" beside the full that it builds on; "verify" and "restore" beside pg_restore; "memory" of the worker and the
programs it starts; "pgbackrest" where it is installed, on the same changes; "parallel" is pg_dump -Fd -j.
The disk needs room for about 15 times the size.

Exit codes: 0 measured, 1 something failed or a goal is missed, 2 usage, 130 and 143 stopped before the end.
`;

const SMALLEST_BYTES = 12_000_000;

export interface BenchOptions {
  readonly help: boolean;
  readonly json: boolean;
  readonly check: boolean;
  readonly bytes: number;
  readonly pairs: number;
  readonly parts: ReadonlySet<Part>;
  readonly changes: readonly Change[];
  readonly memorySizes: readonly MemorySize[];
  /** Absolute; `null` where the benchmark chooses. */
  readonly folder: string | null;
}

/** A size as it was written, and in bytes. */
export interface MemorySize {
  readonly text: string;
  readonly bytes: number;
}

/** @throws DemoError that says what is wrong with the arguments. */
export function readOptions(argv: readonly string[]): BenchOptions {
  const { help, json, check, size, pairs, only, folder, ...given } = parse(argv);
  if (!/^[1-9]\d?$/.test(pairs)) throw usage(`--pairs ${pairs} is no number from 1 to 99.`);
  const parts = readParts(only);
  const sizes = list(given['memory-sizes'] ?? '');
  if (sizes.length > 0 && !parts.has('memory')) throw usage('--memory-sizes belongs to the part memory.');
  if (sizes.length === 0 && parts.has('memory') && parts.size === 1) {
    throw usage('The part memory, by itself, needs --memory-sizes.');
  }
  return {
    help,
    json,
    check,
    bytes: readSize('--size', size),
    pairs: Number(pairs),
    parts,
    changes: (['updates', 'inserts', 'deletes'] as const).flatMap((kind) => {
      const changes = readChanges(kind, given[kind]);
      if (changes === null)
        throw usage(`--${kind} ${given[kind]} is no list of percentages from 0.001 to 50.`);
      return changes;
    }),
    memorySizes: sizes.map((text) => ({
      text,
      bytes: readSize('--memory-sizes', text),
    })),
    folder: folder === undefined ? null : resolve(folder),
  };
}

function readSize(option: string, text: string): number {
  const bytes = parseSize(text);
  if (bytes !== null && bytes >= SMALLEST_BYTES) return bytes;
  throw usage(`${option} ${text} is no size from 12MB on, such as 200MB or 1GB.`);
}

function readParts(only: string | undefined): Set<Part> {
  if (only === undefined) return new Set(PARTS.filter((part) => part !== 'parallel'));
  const names = list(only);
  const unknown = names.find((name) => !PARTS.includes(name as Part));
  if (unknown !== undefined || names.length === 0) {
    throw usage(`--only ${only}: ${unknown ?? 'nothing'} is no part; there are ${PARTS.join(', ')}.`);
  }
  return new Set(names as Part[]);
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        help: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        size: { type: 'string', default: '1GB' },
        pairs: { type: 'string', default: '3' },
        only: { type: 'string' },
        updates: { type: 'string', default: '0.01,0.1,1,10' },
        inserts: { type: 'string', default: '0.1' },
        deletes: { type: 'string', default: '0.1' },
        'memory-sizes': { type: 'string' },
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
