import type { FullContender, FullPair, Run } from './measurements.js';
import { comparison, type Row, type Unit } from './row.js';
import { DIRECTORY, DUMP, FLOOR } from './stock-tools.js';

const NAMES: Readonly<Record<FullContender, string>> = {
  safekeep: 'full',
  plain: 'full without hashes and manifest',
  pipe: 'shell pipe',
  dump: `\`${DUMP} > /dev/null\``,
  floor: `\`${FLOOR} > /dev/null\``,
  directory: `\`${DIRECTORY}\``,
};

const KEYS: Readonly<Partial<Record<FullContender, string>>> = {
  safekeep: 'full',
  plain: 'full-without-hashes',
};

/** Full backups beside what people use instead. */
export function fullRows(pairs: readonly FullPair[]): Row[] {
  const rows = (['safekeep', 'plain'] as const).flatMap((mine) => [
    row(pairs, mine, 'pipe', 'seconds'),
    row(pairs, mine, 'pipe', 'bytes'),
    row(pairs, mine, 'dump', 'seconds'),
    row(pairs, mine, 'floor', 'seconds'),
    row(pairs, mine, 'directory', 'seconds'),
    row(pairs, mine, 'directory', 'bytes'),
  ]);
  return [...rows, row(pairs, 'safekeep', 'plain', 'seconds')].filter((line) => line !== null);
}

function row(
  pairs: readonly FullPair[],
  mine: 'safekeep' | 'plain',
  other: FullContender,
  unit: Unit,
): Row | null {
  const figures = pairs.flatMap(({ runs }) => {
    const [left, right]: (Run | undefined)[] = [runs[mine], runs[other]];
    return left && right ? [[left[unit], right[unit]] as const] : [];
  });
  if (figures.length === 0) return null;
  const what = `${NAMES[mine]} ÷ ${NAMES[other]}`;
  return comparison({ key: `${KEYS[mine]}/${KEYS[other] ?? other}/${unit}`, what, unit }, figures);
}
