/**
 * `npm test`: installs what is missing, then lint, build, types and every mocha test. The tests run in groups side by
 * side. All stages run even if one fails. Lint, build and types count as one check each, like a test. At the end stands what
 * failed, and the last line sums up: `N passed, N failed` (and `, N skipped` if tests were skipped). Exit code 0 only if
 * nothing failed.
 */
import { fileURLToPath } from 'node:url';
import { bootstrap } from './bootstrap.mjs';
import { check } from './test/check.mjs';
import { sumUp } from './test/counts.mjs';
import { findTests, groupsOf } from './test/groups.mjs';
import { runMochaGroups } from './test/mocha-groups.mjs';
import { wasInterrupted } from './test/stage.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const MINUTES = 60_000;

async function runStages() {
  try {
    bootstrap(['faketime']);
  } catch (error) {
    return [{ passed: 0, failures: [error instanceof Error ? error.message : String(error)], skipped: 0 }];
  }
  const counts = [];
  counts.push(await check('Lint', 'biome', ['check', '--error-on-warnings', '.']));
  const build = await check('Build', 'tsc', ['-b']);
  counts.push(build);
  counts.push(await check('Types of tests and scripts', 'tsc', ['-p', 'tsconfig.tests.json']));
  counts.push(
    ...(await runMochaGroups(groupsOf(findTests()), {
      limitMs: 12 * MINUTES,
      built: build.failures.length === 0,
    })),
  );
  return counts;
}

const { text, exitCode } = sumUp(await runStages());
process.stdout.write(`\n${wasInterrupted() ? 'Interrupted.\n' : ''}${text}\n`);
process.exitCode = exitCode;
