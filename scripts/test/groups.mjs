import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ name: string, files: readonly string[], env?: Readonly<Record<string, string>> }} Group of test files for one mocha, and what is added to its environment */

/** Folders whose tests start processes and servers of their own: there each file is a group. */
const HEAVY = [
  'packages/worker/test/process',
  'packages/worker/test/property',
  'packages/worker/test/faults',
  'scripts/test',
];

/** Files there that start no server and are done soon: they share one group, for each mocha costs a second. */
const LIGHT = [
  'bench-options',
  'bench-report',
  'compare-tables',
  'counts',
  'doc-links',
  'dockerfile',
  'documents',
  'env-example',
  'figures',
  'groups',
  'soak-options',
  'tallies',
  'operations/code-blocks',
].map((name) => `scripts/test/${name}.test.ts`);

/** Groups that take minutes, by their own work or because they wait for locks and pauses; begun last they would run alone at the end. */
const LONGEST = [
  'packages/worker',
  'scripts/test/operations/operations',
  'packages/worker/test/faults/clocks',
  'packages/worker/test/faults/worker-frozen',
  'packages/worker/test/faults/workers-absent',
  'packages/worker/test/faults/recovery-test-killed',
  'packages/worker/test/faults/source-lost',
  'packages/worker/test/faults/worker-killed',
  'packages/worker/test/faults/disaster',
  'packages/shared',
  'packages/api',
  'packages/archive',
];

/**
 * Divides the test files into groups that may run at the same time, each in a mocha of its own. The tests of a package
 * share a database server, so they stay together. Groups that take long come first.
 *
 * @param {readonly string[]} files paths below the repository
 * @returns {Group[]}
 */
export function groupsOf(files) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const file of files) {
    const heavy = !LIGHT.includes(file) && HEAVY.some((folder) => file.startsWith(`${folder}/`));
    const name = heavy ? file.replace(/\.test\.ts$/, '') : file.split('/').slice(0, 2).join('/');
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  /** @param {string} name */
  const rank = (name) => {
    const longest = LONGEST.indexOf(name);
    if (longest !== -1) return longest;
    return HEAVY.some((folder) => name.startsWith(`${folder}/`)) ? LONGEST.length : LONGEST.length + 1;
  };
  const listed = [...groups].map(([name, members]) => ({ name, files: members }));
  return listed.sort((left, right) => rank(left.name) - rank(right.name));
}

/** With more seeds a group would run alone at the end for long. */
const SEEDS_OF_A_GROUP = 5;

/**
 * Divides groups of tests that try many seeds, one after the other, by seeds.
 *
 * @param {readonly Group[]} groups
 * @param {{ first: number, count: number }} seeds
 * @returns {Group[]}
 */
export function bySeeds(groups, { first, count }) {
  const parts = Math.ceil(count / SEEDS_OF_A_GROUP);
  return groups.flatMap(({ name, files }) =>
    Array.from({ length: parts }, (_, part) => {
      const from = first + part * SEEDS_OF_A_GROUP;
      const to = Math.min(from + SEEDS_OF_A_GROUP, first + count) - 1;
      const env = { FAULT_SEED: `${from}`, FAULT_SEEDS: `${to - from + 1}` };
      return { name: `${name}, seeds ${from} to ${to}`, files, env };
    }),
  );
}

/** All test files of the repository; a file is found wherever it is, so that none is forgotten. */
export function findTests() {
  const packages = readdirSync('packages').map((name) => join('packages', name, 'test'));
  return [...packages, 'scripts/test'].flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .map((name) => join(folder, String(name)))
      .filter((path) => path.endsWith('.test.ts')),
  );
}
