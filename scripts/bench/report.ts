import { formatBytes, formatCount } from '../demo/figures.js';
import { fullRows } from './full-rows.js';
import { judge, type Outcome } from './goals.js';
import { incrementalRows, physicalFullRows } from './incremental-rows.js';
import type { Machine } from './machine.js';
import type { Measurements } from './measurements.js';
import { memoryRows } from './memory-rows.js';
import { notesOf } from './notes.js';
import { proofRows } from './proof-rows.js';
import type { Row } from './row.js';
import type { Spread } from './spread.js';
import { PIPE, RESTORE } from './stock-tools.js';

/** Where and on what everything was measured. */
export interface Setting {
  readonly machine: Machine;
  /** pg_database_size of the source at the beginning. */
  readonly databaseBytes: number;
  readonly pairs: number;
  /** Load average before the benchmark did anything and when it had ended. */
  readonly load: readonly [before: number, after: number];
  readonly seconds: number;
}

export interface Report extends Setting {
  readonly rows: readonly Row[];
  /** What a reader must know of these figures. */
  readonly notes: readonly string[];
  readonly goals: readonly Outcome[];
  readonly measurements: Measurements;
}

export function makeReport(
  setting: Setting,
  measurements: Measurements,
  show: { readonly memory: boolean },
  more: readonly string[],
): Report {
  const rows = [
    ...fullRows(measurements.full),
    ...physicalFullRows(measurements),
    ...incrementalRows(measurements.scenarios),
    ...proofRows(measurements.proofs, measurements.chains),
    ...(show.memory ? memoryRows(measurements) : []),
  ];
  return { ...setting, rows, notes: [...notesOf(measurements), ...more], goals: judge(rows), measurements };
}

export function toMarkdown(report: Report): string {
  return [
    ...heading(report),
    '',
    '| what | Safekeep | divided by | ratio | min – max |',
    '|---|---:|---:|---:|---:|',
    // What has no figure is told once, not once for each unit.
    ...report.rows.filter(({ measured, unit }) => measured !== null || unit === 'seconds').map(tableLine),
    ...(report.notes.length === 0 ? [] : ['', ...report.notes.map((note) => `- ${note}`)]),
  ].join('\n');
}

/** The goals with what was reached, for --check. */
export function goalsTable(goals: readonly Outcome[]): string {
  return [
    '| goal | limit | reached | |',
    '|---|---:|---:|---|',
    ...goals.map(
      ({ what, goal, measured, verdict }) => `| ${what} | ${goal} | ${measured ?? '–'} | ${verdict} |`,
    ),
  ].join('\n');
}

function heading({ machine, databaseBytes, pairs, load, seconds }: Report): string[] {
  const { cpu, cores, memoryBytes, kernel, postgres, node, openssl, pgBackRest } = machine;
  const versions = [`Linux ${kernel}`, `PostgreSQL ${postgres}`, `Node ${node}`, openssl];
  if (pgBackRest !== null) versions.push(`pgBackRest ${pgBackRest}`);
  return [
    `${cpu}, ${cores} cores, ${formatBytes(memoryBytes)} memory; ${versions.join(', ')}.`,
    `Source: synthetic clinic of ${formatBytes(databaseBytes)} (pg_database_size). Medians of ${pairs} paired runs.`,
    `Shell pipe: \`${PIPE}\`. Stock \`pg_restore\`: \`${RESTORE}\`.`,
    `Load average before ${load[0].toFixed(1)}, after ${load[1].toFixed(1)}; measured in ${formatCount(Math.round(seconds / 60))} min.`,
  ];
}

function tableLine({ what, unit, measured, reference, ratio }: Row): string {
  const cell = (value: Spread | null) => (value === null ? '' : format(unit, value.median));
  const text = what.replaceAll('|', '\\|');
  const name = unit === 'bytes' && ratio !== null ? `${text}, bytes` : text;
  const range = ratio ?? measured;
  const between = (value: number) => (ratio === null ? format(unit, value) : formatRatio(value, ratio));
  // Of a single run the ends are the figure itself.
  const ends =
    range === null || range.min === range.max ? '' : `${between(range.min)} – ${between(range.max)}`;
  return `| ${name} | ${cell(measured)} | ${cell(reference)} | ${ratio ? `**${formatRatio(ratio.median, ratio)}**` : ''} | ${ends} |`;
}

function format(unit: Row['unit'], value: number): string {
  return unit === 'seconds' ? `${value.toFixed(1)} s` : formatBytes(Math.round(value));
}

/** Small ratios need more digits to be told apart. */
function formatRatio(value: number, { median }: Spread): string {
  return value.toFixed(median < 0.02 ? 5 : median < 0.2 ? 3 : 2);
}
