/**
 * `npx tsx scripts/test/mutations.ts [PART…]`: leaves out one condition of the detection after the other, in a copy of the tree,
 * and tells by which seed of the property test that is found. With PART only those whose name has it. PROPERTY_SEEDS says
 * how many seeds are tried (14). Exit code 1 where one is not found.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One condition of the detection that is left out, as a change of text. */
interface Mutation {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
  /** Why nothing can be found: another condition says the same. */
  readonly covered?: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MUTATIONS: readonly Mutation[] = JSON.parse(
  readFileSync(join(ROOT, 'scripts/test/mutations.json'), 'utf8'),
);
const SEEDS = process.env.PROPERTY_SEEDS ?? '14';
const FILES = ['package.json', '.mocharc.json', 'tsconfig.base.json', 'packages', 'scripts'];

/** A copy of the tree that shares what is installed. */
function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'safekeep-mutation-'));
  for (const name of FILES) {
    cpSync(join(ROOT, name), join(copy, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith('/dist') && !path.endsWith('.tsbuildinfo'),
    });
  }
  symlinkSync(resolve(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

function mutate(copy: string, { edits }: Mutation): void {
  for (const { file, find, replace } of edits) {
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    if (text.split(find).length !== 2) throw new Error(`${file} does not have this text once: ${find}`);
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
  }
}

/** The first seed that failed and what it said, or `null`. */
function firstRed(copy: string): string | null {
  const test = 'packages/worker/test/property/incremental.test.ts';
  const options = ['--no-config', '--node-option=import=tsx/esm', '--node-option=conditions=source'];
  const env = { ...process.env, PROPERTY_SEEDS: SEEDS, PROPERTY_BAIL: '1' };
  const { stdout } = spawnSync('npx', ['mocha', ...options, '-g', 'restore to what', test], {
    cwd: copy,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const red = /PROPERTY_SEED=(\d+): \w*Error: ([^\n]*)(?:\n([^\n]*))?/.exec(stdout);
  if (red === null)
    return /\d+ passing/.test(stdout) && !/failing/.test(stdout) ? null : 'the test itself broke';
  return `${red[1]}: ${red[2]} ${red[3]?.startsWith('    at') ? '' : (red[3] ?? '')}`.trim();
}

const wanted = process.argv.slice(2);
let missed = 0;
for (const mutation of MUTATIONS) {
  if (wanted.length > 0 && !wanted.some((part) => mutation.name.includes(part))) continue;
  const copy = copyTree();
  try {
    mutate(copy, mutation);
    const red = firstRed(copy);
    if (red === null && mutation.covered === undefined) missed += 1;
    const verdict =
      red === null ? `NOT FOUND${mutation.covered ? `: ${mutation.covered}` : ''}` : `seed ${red}`;
    process.stdout.write(`| ${mutation.name} | ${verdict.slice(0, 160)} |\n`);
  } finally {
    rmSync(copy, { recursive: true });
  }
}
process.exitCode = missed > 0 ? 1 : 0;
