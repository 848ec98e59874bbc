/**
 * `npx tsx scripts/test/fault-mutations.ts [ROW|PART…]`: takes out one defence of the fault matrix after the other, in a copy
 * of the tree, runs its test there and tells as a row of Markdown what went red. With ROW (a number) only the defences of
 * that fault, with PART those whose name has it. Exit code 1 where one is not found.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Edit, inMutatedTree, MOCHA, ROOT } from './mutated-tree.js';

/** One defence that is taken out, as a change of text, and the test that must go red. */
interface FaultMutation {
  /** Of the fault matrix in docs/TESTING.md. */
  readonly row: number;
  readonly name: string;
  readonly test: string;
  /** Which of the file's tests; all without it. */
  readonly grep?: string;
  /** Where not every seed needs the defence: one that does. */
  readonly seed?: number;
  readonly edits: readonly Edit[];
}

interface Results {
  readonly stats: { readonly passes: number };
  readonly failures: readonly { readonly title: string; readonly err: { readonly message?: string } }[];
}

const MUTATIONS: readonly FaultMutation[] = JSON.parse(
  readFileSync(join(ROOT, 'scripts/test/fault-mutations.json'), 'utf8'),
);
/** A defence that is gone may leave a test waiting; its own timeouts end it before this does. */
const LIMIT_MS = 10 * 60_000;

/** What went red first, or `null`. */
async function firstRed(copy: string, { test, grep, seed }: FaultMutation): Promise<string | null> {
  const results = join(copy, 'results.json');
  const reporter = ['--reporter', 'json', '--reporter-option', `output=${results}`];
  const options = ['--timeout', '120000', '--bail', '--exit', ...reporter, ...(grep ? ['-g', grep] : [])];
  // A group of its own, so that its end is that of all processes of the product, too.
  const env = { ...process.env, ...(seed !== undefined && { FAULT_SEED: String(seed) }) };
  const child = spawn('npx', [...MOCHA, ...options, test], {
    cwd: copy,
    env,
    stdio: 'ignore',
    detached: true,
  });
  const end = () => process.kill(-(child.pid ?? 0), 'SIGKILL');
  const limit = setTimeout(end, LIMIT_MS);
  process.once('exit', end);
  await once(child, 'exit');
  process.off('exit', end);
  clearTimeout(limit);
  if (!existsSync(results)) return 'the test did not come to its end';
  const { stats, failures } = JSON.parse(readFileSync(results, 'utf8')) as Results;
  const red = failures[0];
  if (red !== undefined) return `${red.title}: ${(red.err.message ?? '').split('\n')[0]}`;
  if (stats.passes === 0) throw new Error(`no test of ${test} ran${grep ? ` for ${grep}` : ''}`);
  return null;
}

const wanted = process.argv.slice(2);
const isWanted = ({ row, name }: FaultMutation) =>
  wanted.length === 0 ||
  wanted.some((part) => (/^\d+$/.test(part) ? row === Number(part) : name.includes(part)));
let missed = 0;
for (const mutation of MUTATIONS.filter(isWanted)) {
  const red = await inMutatedTree(mutation.edits, (copy) => firstRed(copy, mutation));
  if (red === null) missed += 1;
  const verdict = (red ?? 'NOT FOUND').replaceAll('|', '\\|').slice(0, 200);
  process.stdout.write(`| ${mutation.row} | ${mutation.name} | ${verdict} |\n`);
}
process.exitCode = missed > 0 ? 1 : 0;
