import { formatBytes } from '../demo/figures.js';
import { MEMORY } from './memory-rows.js';
import type { Row } from './row.js';

interface Goal {
  readonly what: string;
  /** Every row whose key passes is judged. */
  readonly of: (key: string) => boolean;
  readonly figure: (row: Row) => number | undefined;
  readonly least?: number;
  readonly most: number;
  readonly format: (value: number) => string;
}

export interface Outcome {
  readonly what: string;
  readonly goal: string;
  /** `null` when there is no figure. */
  readonly measured: string | null;
  /** Not measured: the part was not asked for. A promoted incremental was measured, and missed its goal. */
  readonly verdict: 'met' | 'missed' | 'not measured';
}

const ratio = (row: Row) => row.ratio?.median;
const peak = (row: Row) => row.measured?.max;
/** What of the dividend's time is not the divisor's. */
const share = (row: Row) => (row.ratio === null ? undefined : 1 - 1 / row.ratio.median);

function ratioGoal(what: string, key: string, most: number, least?: number): Goal {
  const digits = most < 0.05 ? 5 : 3;
  const format = (value: number) => value.toFixed(digits);
  return { what, of: (name) => name === key, figure: ratio, most, format, ...(least && { least }) };
}

/** What this benchmark is for: on 2 cores, by medians. */
const GOALS: readonly Goal[] = [
  ratioGoal('full ÷ shell pipe, time', 'full/pipe/seconds', 0.75),
  ratioGoal('full without hashes and manifest ÷ shell pipe, time', 'full-without-hashes/pipe/seconds', 0.65),
  ratioGoal('full ÷ shell pipe, bytes', 'full/pipe/bytes', 1),
  {
    what: "hashes and manifest, share of the full's time",
    of: (key) => key === 'full/full-without-hashes/seconds',
    figure: share,
    most: 0.2,
    format: (value) => value.toFixed(3),
  },
  ratioGoal(
    'incremental after 0.1 % scattered updates ÷ full, time',
    'incremental/updates-0.1/full/seconds',
    0.1,
  ),
  ratioGoal(
    'incremental after 0.1 % scattered updates ÷ full, bytes',
    'incremental/updates-0.1/full/bytes',
    0.002,
  ),
  ratioGoal('deep verification ÷ restore by pg_restore, time', 'verification/stock/seconds', 1 / 3),
  {
    what: 'memory of the worker and its programs, highest of all jobs',
    of: (key) => key.startsWith(MEMORY),
    figure: peak,
    most: 350e6,
    format: formatBytes,
  },
  ratioGoal('memory, largest ÷ smallest clinic', 'memory-of-sizes', 1.2, 0.8),
];

export function judge(rows: readonly Row[]): Outcome[] {
  return GOALS.map((goal) => judgeGoal(goal, rows));
}

function judgeGoal(goal: Goal, rows: readonly Row[]): Outcome {
  const { what, least, most, format } = goal;
  const text = least === undefined ? `at most ${format(most)}` : `${format(least)} to ${format(most)}`;
  const judged = rows.filter(({ key }) => goal.of(key));
  if (judged.length === 0) return { what, goal: text, measured: null, verdict: 'not measured' };
  const figures = judged.map(goal.figure);
  if (figures.includes(undefined)) return { what, goal: text, measured: null, verdict: 'missed' };
  const worst = Math.max(...(figures as number[]));
  const met = worst <= most && (least === undefined || worst >= least);
  return { what, goal: text, measured: format(worst), verdict: met ? 'met' : 'missed' };
}
