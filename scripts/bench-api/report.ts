import type { Machine } from '../bench/machine.js';
import { formatBytes, formatCount } from '../demo/figures.js';
import { type HostileFigures, KINDS } from './hostile.js';
import type { LoadFigures } from './load.js';
import type { ApiBenchOptions } from './options.js';
import type { Throttling } from './requests.js';

export interface ApiReport {
  readonly machine: Machine;
  readonly options: Pick<ApiBenchOptions, 'seconds' | 'connections' | 'rows' | 'hostile'>;
  /** Load average before the benchmark did anything and when it had ended. */
  readonly load: readonly [before: number, after: number];
  readonly seconds: number;
  readonly loads: readonly LoadFigures[];
  readonly throttling: Throttling;
  readonly hostile: readonly HostileFigures[];
  /** Resident memory of the API before the first measurement and some seconds after the last. Bytes. */
  readonly memory: { readonly fresh: number; readonly rested: number };
}

/** What the API may hold at its highest, whoever asks: two password hashes of 19 MiB are a small part of it. */
const MEMORY_LIMIT = 512e6;

/** What `--check` objects to, a line each. */
export function shortcomings(report: ApiReport): string[] {
  const { loads, throttling, hostile } = report;
  const peaks = [...loads, ...hostile].map(({ what, memory }) => ({ what, peak: memory.peak }));
  return [
    ...loads
      .filter(({ failed, refused }) => failed + refused > 0)
      .map(({ what, failed, refused }) => `${what}: ${failed} failed and ${refused} were refused.`),
    ...(throttling.others === 0 && throttling.toldWhen === throttling.throttled && throttling.throttled > 0
      ? []
      : ['An account that asks too often is not told so each time, with when to come back.']),
    ...hostile
      .filter(({ probe }) => probe.failed > 0)
      .map(
        ({ what, probe }) => `During ${what}, ${probe.failed} of ${probe.asked} requests of others failed.`,
      ),
    ...hostile.flatMap(({ what, endings }) => {
      const expected = KINDS.find((kind) => kind.what === what)?.expected ?? [];
      const odd = Object.keys(endings).filter((ending) => !expected.includes(ending));
      return odd.map((ending) => `${what}: ${endings[ending]} ended with ${ending}.`);
    }),
    ...peaks
      .filter(({ peak }) => peak > MEMORY_LIMIT)
      .map(({ what, peak }) => `${what}: the API held ${formatBytes(peak)}.`),
  ];
}

export function toMarkdown(report: ApiReport): string {
  const { machine, options, load, seconds, throttling, memory } = report;
  const { accepted, throttled, toldWhen, others } = throttling;
  return [
    `${machine.cpu}, ${machine.cores} cores, ${formatBytes(machine.memoryBytes)} memory; Linux ${machine.kernel}, PostgreSQL ${machine.postgres}, Node ${machine.node}.`,
    `${formatCount(options.rows)} backups in history; ${options.connections} connections, ${options.seconds} s each; clients and servers on one machine.`,
    `Load average before ${load[0].toFixed(1)}, after ${load[1].toFixed(1)}; measured in ${Math.round(seconds / 60)} min.`,
    '',
    '| request | requests | a second | p50 | p97.5 | p99 | highest | refused | failed | memory before | peak | after |',
    '|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...report.loads.map(loadLine),
    '',
    `One account that asked for ${accepted + throttled + others} backups at once: ${accepted} accepted, ${throttled} answered with 429, ${toldWhen} of these with Retry-After, ${others} otherwise.`,
    '',
    '| hostile clients | connections | how they ended | after | others asked | failed | p50 | p99 | highest | memory peak | after |',
    '|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...report.hostile.map(hostileLine),
    '',
    `Resident memory of the API: ${formatBytes(memory.fresh)} before all of this, ${formatBytes(memory.rested)} five seconds after it.`,
  ].join('\n');
}

function loadLine(row: LoadFigures): string {
  const { before, peak, after } = row.memory;
  const times = [row.p50, row.p97_5, row.p99, row.max].map(milliseconds);
  const memory = [before, peak, after].map(formatBytes);
  return `| ${[row.what, formatCount(row.requests), formatCount(Math.round(row.perSecond)), ...times, row.refused, row.failed, ...memory].join(' | ')} |`;
}

function hostileLine({ what, connections, endings, seconds, probe, memory }: HostileFigures): string {
  const how = Object.entries(endings).map(([ending, count]) => `${formatCount(count)} × ${ending}`);
  const times = [probe.p50, probe.p99, probe.max].map(milliseconds);
  return `| ${[what, formatCount(connections), how.join(', '), `${seconds.toFixed(1)} s`, formatCount(probe.asked), probe.failed, ...times, formatBytes(memory.peak), formatBytes(memory.after)].join(' | ')} |`;
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}
