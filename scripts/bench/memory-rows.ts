import { trueIncrements } from './incremental-rows.js';
import type { JobRun, Measurements } from './measurements.js';
import { comparison, figure, type Row } from './row.js';

/** What a goal for all memory looks at. */
export const MEMORY = 'memory/';

/** Peaks of the worker and the programs it starts, by kind of job; then of fulls of growing databases. */
export function memoryRows(measurements: Measurements): Row[] {
  const { full, scenarios, proofs, chains, sizes } = measurements;
  const kinds: Readonly<Record<string, readonly (JobRun | undefined)[]>> = {
    'full backups': [...full.map(({ runs }) => runs.safekeep), ...scenarios.map(({ base }) => base)],
    'full backups without hashes': full.map(({ runs }) => runs.plain),
    incrementals: scenarios.flatMap(trueIncrements),
    verifications: proofs.map(({ verification }) => verification),
    'recovery tests': proofs.map(({ recoveryTest }) => recoveryTest),
    restores: [...proofs, ...chains].map(({ restore }) => restore),
  };
  const rows = Object.entries(kinds).flatMap(([kind, runs]) => {
    const peaks = runs.flatMap((run) => (run === undefined ? [] : [run.memory]));
    if (peaks.length === 0) return [];
    return [
      figure(
        {
          key: `${MEMORY}${kind}`,
          what: `memory of the worker and its programs, ${kind}, peak of the sum`,
          unit: 'bytes',
        },
        peaks.map(({ tree }) => tree),
      ),
      figure(
        { key: `worker-${MEMORY}${kind}`, what: `memory of the worker alone, ${kind}, VmHWM`, unit: 'bytes' },
        peaks.map(({ process }) => process),
      ),
    ];
  });
  return [...rows, ...sizeRows(sizes)];
}

function sizeRows(sizes: Measurements['sizes']): Row[] {
  const rows = sizes.map(({ text, run }) =>
    figure(
      {
        key: `${MEMORY}${text}`,
        what: `memory of the worker and its programs, one full of ${text}`,
        unit: 'bytes',
      },
      [run.memory.tree],
    ),
  );
  const bySize = [...sizes].sort((left, right) => left.databaseBytes - right.databaseBytes);
  const [small, large] = [bySize[0], bySize.at(-1)];
  if (small === undefined || large === undefined || small === large) return rows;
  const what = `the same, ${large.text} ÷ ${small.text}`;
  return [
    ...rows,
    comparison({ key: 'memory-of-sizes', what, unit: 'bytes' }, [
      [large.run.memory.tree, small.run.memory.tree],
    ]),
  ];
}
