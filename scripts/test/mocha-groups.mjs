import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { countMocha } from './counts.mjs';
import { runStage } from './stage.mjs';

/** Most tests wait for servers, locks and pauses most of the time, so some groups more than there are cores are no strain. */
const MORE_THAN_CORES = 4;

/** Handed over as options: a group reads no other file of settings. */
const settings = JSON.parse(readFileSync('.mocharc.json', 'utf8'));

/**
 * Runs every group in a mocha of its own, several at a time.
 * @param {readonly import('./groups.mjs').Group[]} groups
 * @param {{ limitMs: number, built: boolean, env?: Readonly<Record<string, string>>, moreThanCores?: number }} options the
 *   time for all groups together, whether the packages are built, what is added to the environment of each mocha, and how
 *   many groups more than there are cores run at a time
 * @returns {Promise<import('./counts.mjs').Counts[]>}
 */
export async function runMochaGroups(
  groups,
  { limitMs, built, env: added = {}, moreThanCores = MORE_THAN_CORES },
) {
  const folder = mkdtempSync(join(tmpdir(), 'safekeep-test-'));
  const waiting = [...groups];
  const deadline = Date.now() + limitMs;
  /** @type {Record<string, string>} */
  const env = built ? { ...added, SAFEKEEP_TEST_BUILT: '1' } : added;
  /** @type {import('./counts.mjs').Counts[]} */
  const counts = [];
  const lane = async () => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      const options = {
        limitMs: Math.max(1, deadline - Date.now()),
        alone: false,
        env: { ...env, ...group.env },
      };
      counts.push(await runGroup(group, folder, options));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() + moreThanCores }, lane));
  rmSync(folder, { recursive: true });
  return counts;
}

/**
 * @param {import('./groups.mjs').Group} group
 * @param {string} folder
 * @param {{ limitMs: number, alone: boolean, env: Readonly<Record<string, string>> }} stage
 */
async function runGroup(group, folder, stage) {
  // A comma would end the option of the reporter.
  const file = join(folder, `${group.name.replaceAll(/[^\w.-]+/g, '-')}.json`);
  const options = Object.entries(settings).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) =>
      one === false ? `--no-${name}` : `--${name}=${one}`,
    ),
  );
  const reporter = [
    '--reporter',
    'scripts/test/counting-reporter.mjs',
    '--reporter-option',
    `counts=${file}`,
  ];
  const args = ['--no-config', ...options, ...reporter, ...group.files];
  const { code } = await runStage(group.name, 'mocha', args, stage);
  const written = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  const counts = countMocha(written, code);
  return { ...counts, failures: counts.failures.map((failure) => `${group.name}: ${failure}`) };
}
