/**
 * `npm run test:faults`: the tests of the fault matrix (docs/TESTING.md) alone, in groups side by side. FAULT_SEEDS says with
 * how many seeds each fault is tried (1), FAULT_SEED which is the first. At the end a table of what was brought about, what
 * failed, and the line `N passed, N failed`. Exit code 0 only if nothing failed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap } from './bootstrap.mjs';
import { check } from './test/check.mjs';
import { sumUp } from './test/counts.mjs';
import { bySeeds, findTests, groupsOf } from './test/groups.mjs';
import { runMochaGroups } from './test/mocha-groups.mjs';
import { wasInterrupted } from './test/stage.mjs';
import { readTallies, tableOf } from './test/tallies.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const MINUTES = 60_000;
const [seeds, first] = [countFrom('FAULT_SEEDS'), countFrom('FAULT_SEED')];
// A hang ends a run; what a seed takes is bound by its own test.
const limitMs = (10 + 10 * seeds) * MINUTES;

try {
  bootstrap(['faketime']);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'safekeep-faults-'));
const tallies = join(folder, 'tallies');
const build = await check('Build', 'tsc', ['-b']);
const files = findTests().filter((file) => file.startsWith('packages/worker/test/faults/'));
const counts = await runMochaGroups(bySeeds(groupsOf(files), { first, count: seeds }), {
  limitMs,
  built: build.failures.length === 0,
  // What is repeated for each seed waits for leases and locks to lapse, longer than all else.
  moreThanCores: 6,
  env: { FAULT_TALLIES: tallies },
});
process.stdout.write(`\n${tableOf(readTallies(tallies))}\n`);
rmSync(folder, { recursive: true });

const { text, exitCode } = sumUp([build, ...counts]);
process.stdout.write(`\n${wasInterrupted() ? 'Interrupted.\n' : ''}${text}\n`);
process.exitCode = exitCode;

/** @param {string} name of an environment variable */
function countFrom(name) {
  const value = Number(process.env[name] ?? 1);
  if (Number.isInteger(value) && value >= 1) return value;
  process.stderr.write(`${name} needs a whole number from 1, such as ${name}=20.\n`);
  return process.exit(2);
}
