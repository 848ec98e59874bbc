import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ row: number, fault: string, count: number }} Tally what one test file brought about, and how often */

/**
 * @param {string} file one JSON object a line, as the fault tests write them
 * @returns {Tally[]}
 */
export function readTallies(file) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}

/**
 * One line a fault, in the order of the matrix; what several files brought about is added up.
 * @param {readonly Tally[]} tallies
 * @returns {string}
 */
export function tableOf(tallies) {
  /** @type {Map<string, Tally>} */
  const sums = new Map();
  for (const { row, fault, count } of tallies) {
    const key = `${row} ${fault}`;
    sums.set(key, { row, fault, count: count + (sums.get(key)?.count ?? 0) });
  }
  const listed = [...sums.values()].sort(
    (left, right) => left.row - right.row || left.fault.localeCompare(right.fault),
  );
  const width = Math.max('brought about'.length, ...listed.map(({ fault }) => fault.length));
  const lines = listed.map(
    ({ row, fault, count }) =>
      `${String(row).padStart(5)}  ${fault.padEnd(width)}  ${String(count).padStart(5)}`,
  );
  return [`fault  ${'brought about'.padEnd(width)}  times`, ...lines].join('\n');
}
