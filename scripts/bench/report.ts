import { formatBytes } from '../demo/figures.js';
import { DUMP, type JobRun, PIPE, type Run } from './contenders.js';
import type { Machine } from './machine.js';
import { type Spread, spread } from './spread.js';

/** One run of each contender, next to each other in time. */
export interface Pair {
  readonly job: JobRun;
  readonly pipe: Run;
  readonly dump: Run;
  /** Processes that wanted a core in the minute before the pair, the benchmark's own among them (load average). */
  readonly load: number;
}

export interface Report {
  readonly machine: Machine;
  /** pg_database_size of the source. */
  readonly databaseBytes: number;
  readonly pairs: readonly Pair[];
  readonly jobSeconds: Spread;
  readonly jobSecondsFromRequest: Spread;
  readonly pipeSeconds: Spread;
  readonly dumpSeconds: Spread;
  /** Ratios are made within each pair. */
  readonly jobToPipe: Spread;
  readonly jobToDump: Spread;
  readonly jobBytes: Spread;
  readonly pipeBytes: Spread;
  readonly workerBefore: Spread;
  readonly workerPeak: Spread;
  readonly treePeak: Spread;
  readonly load: Spread;
}

export function makeReport(machine: Machine, databaseBytes: number, pairs: readonly Pair[]): Report {
  const over = (figure: (pair: Pair) => number) => spread(pairs.map(figure));
  return {
    machine,
    databaseBytes,
    pairs,
    jobSeconds: over(({ job }) => job.seconds),
    jobSecondsFromRequest: over(({ job }) => job.secondsFromRequest),
    pipeSeconds: over(({ pipe }) => pipe.seconds),
    dumpSeconds: over(({ dump }) => dump.seconds),
    jobToPipe: over(({ job, pipe }) => job.seconds / pipe.seconds),
    jobToDump: over(({ job, dump }) => job.seconds / dump.seconds),
    jobBytes: over(({ job }) => job.bytes),
    pipeBytes: over(({ pipe }) => pipe.bytes),
    workerBefore: over(({ job }) => job.memory.before),
    workerPeak: over(({ job }) => job.memory.process),
    treePeak: over(({ job }) => job.memory.tree),
    load: over(({ load }) => load),
  };
}

export function toMarkdown(report: Report): string {
  const { machine, databaseBytes, pairs } = report;
  const row = (name: string, figure: Spread, format: (value: number) => string) =>
    `| ${name} | ${format(figure.median)} | ${format(figure.min)} – ${format(figure.max)} |`;
  return [
    `${machine.cpu}, ${machine.cores} cores, ${formatBytes(machine.memoryBytes)} memory; PostgreSQL ${machine.postgres}, Node ${machine.node}.`,
    `Source: synthetic clinic of ${formatBytes(databaseBytes)} (pg_database_size). ${pairs.length} paired runs, alternating order.`,
    '',
    '| what | median | min – max |',
    '|---|---:|---:|',
    row('Safekeep: start of the run → finished row', report.jobSeconds, seconds),
    row('Safekeep: accepted request → finished row', report.jobSecondsFromRequest, seconds),
    row(`\`${PIPE}\``, report.pipeSeconds, seconds),
    row(`\`${DUMP} > /dev/null\``, report.dumpSeconds, seconds),
    row('**Safekeep ÷ shell pipe**', report.jobToPipe, ratio),
    row('**Safekeep ÷ pg_dump alone**', report.jobToDump, ratio),
    row('backup file of Safekeep', report.jobBytes, formatBytes),
    row('file of the shell pipe', report.pipeBytes, formatBytes),
    row('worker, resident before the job', report.workerBefore, formatBytes),
    row('worker, peak (VmHWM)', report.workerPeak, formatBytes),
    row('worker and its programs, peak of the sum', report.treePeak, formatBytes),
    row('load average before a pair', report.load, (load) => load.toFixed(1)),
  ]
    .map((line) =>
      line.startsWith('|')
        ? line.replaceAll(' | openssl', ' \\| openssl').replaceAll(' | gzip', ' \\| gzip')
        : line,
    )
    .join('\n');
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function ratio(value: number): string {
  return value.toFixed(2);
}
