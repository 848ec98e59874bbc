/**
 * `npx tsx scripts/test/mutations.ts [PART…]`: leaves out one condition of the detection after the other, in a copy of the tree,
 * and tells by which seed of the property test that is found. With PART only those whose name has it. PROPERTY_SEEDS says
 * how many seeds are tried (14). Exit code 1 where one is not found.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Edit, inMutatedTree, MOCHA, ROOT } from './mutated-tree.js';

/** One condition of the detection that is left out, as a change of text. */
interface Mutation {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Why nothing can be found: another condition says the same. */
  readonly covered?: string;
}

const MUTATIONS: readonly Mutation[] = JSON.parse(
  readFileSync(join(ROOT, 'scripts/test/mutations.json'), 'utf8'),
);
const SEEDS = process.env.PROPERTY_SEEDS ?? '14';

/** The first seed that failed and what it said, or `null`. */
function firstRed(copy: string): string | null {
  const test = 'packages/worker/test/property/incremental.test.ts';
  const env = { ...process.env, PROPERTY_SEEDS: SEEDS, PROPERTY_BAIL: '1' };
  const { stdout } = spawnSync('npx', [...MOCHA, '-g', 'restore to what', test], {
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
  const red = await inMutatedTree(mutation.edits, firstRed);
  if (red === null && mutation.covered === undefined) missed += 1;
  const verdict =
    red === null ? `NOT FOUND${mutation.covered ? `: ${mutation.covered}` : ''}` : `seed ${red}`;
  process.stdout.write(`| ${mutation.name} | ${verdict.slice(0, 160)} |\n`);
}
process.exitCode = missed > 0 ? 1 : 0;
