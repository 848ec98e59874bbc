import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Folders whose tests start processes and servers of their own: there each file is a group. */
const HEAVY = ['packages/worker/test/process', 'scripts/test'];

/**
 * Divides the test files into groups that may run at the same time, each in a mocha of its own. The tests of a package
 * share a database server, so they stay together. Groups that take long come first, so that none is left alone at the end.
 *
 * @param {readonly string[]} files paths below the repository
 * @returns {{ name: string, files: string[] }[]}
 */
export function groupsOf(files) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const file of files) {
    const heavy = HEAVY.some((folder) => file.startsWith(`${folder}/`));
    const name = heavy ? file.replace(/\.test\.ts$/, '') : file.split('/').slice(0, 2).join('/');
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  const listed = [...groups].map(([name, members]) => ({ name, files: members }));
  /** @param {{ name: string }} group */
  const isHeavy = (group) => HEAVY.some((folder) => group.name.startsWith(`${folder}/`));
  return [...listed.filter(isHeavy), ...listed.filter((group) => !isHeavy(group))];
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
