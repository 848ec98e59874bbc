/**
 * `npm test`: installs what is missing, then lint, build, types and every mocha test. All stages run even if one
 * fails. Lint, build and types count as one check each, like a test; the last line sums up: `N passed, N failed`
 * (and `, N skipped` if tests were skipped). Exit code 0 only if nothing failed.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap } from './bootstrap.mjs';
import { countMocha, sumUp } from './test/counts.mjs';
import { runStage, wasInterrupted } from './test/stage.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const MINUTES = 60_000;
const ONE_PASSED = { passed: 1, failed: 0, skipped: 0 };
const ONE_FAILED = { passed: 0, failed: 1, skipped: 0 };

/**
 * @param {string} title
 * @param {string} command
 * @param {readonly string[]} args
 */
async function check(title, command, args) {
  const { code } = await runStage(title, command, args, 5 * MINUTES);
  return code === 0 ? ONE_PASSED : ONE_FAILED;
}

async function mocha() {
  const folder = mkdtempSync(join(tmpdir(), 'safekeep-test-'));
  const file = join(folder, 'counts.json');
  const reporter = [
    '--reporter',
    'scripts/test/counting-reporter.mjs',
    '--reporter-option',
    `counts=${file}`,
  ];
  const { code } = await runStage('Tests', 'mocha', reporter, 12 * MINUTES);
  const written = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  rmSync(folder, { recursive: true });
  return countMocha(written, code, (reason) => process.stdout.write(`\n${reason}\n`));
}

async function runStages() {
  try {
    bootstrap();
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? error.message : error}\n`);
    return [ONE_FAILED];
  }
  const counts = [];
  counts.push(await check('Lint', 'biome', ['check', '--error-on-warnings', '.']));
  counts.push(await check('Build', 'tsc', ['-b']));
  counts.push(await check('Types of tests and scripts', 'tsc', ['-p', 'tsconfig.tests.json']));
  counts.push(await mocha());
  return counts;
}

const { line, exitCode } = sumUp(await runStages());
process.stdout.write(`\n${wasInterrupted() ? 'Interrupted.\n' : ''}${line}\n`);
process.exitCode = exitCode;
