import type { RecoveryTestLine, ReportBody, SourceReport } from '../contracts/report-body.js';
import { age, bytes, count, day, minute, seconds } from '../format.js';
import { type Html, html } from '../html.js';
import { isProtected } from '../policy/report-summary.js';
import { barChart } from './chart.js';
import { htmlTable, when } from './table.js';

/** Everything about one source. */
export function sourceSection(source: SourceReport, body: ReportBody): Html {
  return html`<section class="source"><h2>Source ${source.name}</h2>
${sentence(source, body)}
<dl class="facts">${facts(source, body).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>
${charts(source)}
${failures(source)}
${recoveryTests(source)}
${criticalTables(source)}
${holds(source)}
${dayTable(source)}
</section>`;
}

function sentence(source: SourceReport, body: ReportBody): Html {
  if (!source.configured)
    return html`<p>This source is no longer backed up; what is kept of it is listed here.</p>`;
  return isProtected(source, body)
    ? html`<p class="verdict met">✓ Protected: data within the RPO target can be restored, and no check found it damaged.</p>`
    : html`<p class="verdict missing">✗ Not protected: no backup is within the RPO target, or a check found the newest one wrong.</p>`;
}

function facts(source: SourceReport, { configuration }: ReportBody): [string, string][] {
  const { newestSuccess: newest, kept, period, trend, verifications: checks, storage } = source;
  const newestPassed = source.recoveryTests.newestPassed;
  return [
    [
      'Newest backup',
      newest === null
        ? 'none'
        : `${newest.fileName}, ended ${minute(newest.endedAt)}, ${bytes(newest.sizeBytes)}; its data is ${age(newest.dataAgeSeconds)} old (target ${age(configuration.rpoTargetSeconds)})`,
    ],
    ['Last 24 hours', runs(period)],
    ['Last 30 days', runs(trend)],
    [
      'Kept',
      `${count(kept.count, 'backup')}, ${bytes(kept.bytes)}${kept.oldestAt === null ? '' : `, the oldest of ${day(kept.oldestAt)}`}`,
    ],
    [
      'Verified',
      `${kept.sound} sound, ${kept.damaged} damaged, ${kept.neverVerified} not verified yet; in 24 hours ${checks.period.passed} passed, ${checks.period.failed} failed, ${checks.period.error} could not run`,
    ],
    [
      'Restore proven',
      newestPassed === null
        ? 'never'
        : `${day(newestPassed.endedAt)} with ${newestPassed.fileName}, in ${newestPassed.rtoSeconds === null ? '–' : seconds(newestPassed.rtoSeconds)} (target ${age(configuration.rtoTargetSeconds)})`,
    ],
    [
      'Volume',
      storage === null
        ? 'not measured yet'
        : `${bytes(storage.freeBytes)} of ${bytes(storage.totalBytes)} free (${day(storage.at)})`,
    ],
  ];
}

function runs(row: SourceReport['period']): string {
  if (row.completed + row.failed + row.cancelled === 0) return 'no backup ended';
  const cancelled = row.cancelled === 0 ? '' : `, ${row.cancelled} cancelled`;
  const rate = row.successRate === null ? '' : ` (${row.successRate} % succeeded)`;
  const took =
    row.averageSeconds === null || row.longestSeconds === null
      ? ''
      : `; ${bytes(row.bytes)}, ${seconds(row.averageSeconds)} on average, ${seconds(row.longestSeconds)} at most`;
  return `${row.completed} completed, ${row.failed} failed${cancelled}${rate}${took}`;
}

function charts(source: SourceReport): Html {
  if (source.days.every((row) => row.completed + row.failed + row.keptBytes === 0))
    return html`<p class="soft">No backup in the last 30 days: there is nothing to draw.</p>`;
  const { days, name } = source;
  const history = source.recoveryTests.history.filter((test) => test.status !== 'error');
  const byDay = (values: (row: SourceReport['days'][number]) => (number | null)[]) =>
    days.map((row) => ({ label: row.day.slice(5), values: values(row) }));
  const common = { stacked: false } as const;
  const last = days.at(-1);
  const longest = Math.max(0, ...days.map((row) => row.longestSeconds ?? 0));
  const largest = Math.max(0, ...days.map((row) => row.bytes));
  return html`<div class="charts">
<div class="outcomes">${barChart({
    id: `${name}-outcomes`,
    title: 'Backups per day',
    description: `In 30 days ${source.trend.completed} backups completed and ${source.trend.failed} failed.`,
    points: byDay((row) => [row.completed, row.failed]),
    series: ['completed', 'failed'],
    stacked: true,
    unit: 'count',
  })}</div>
${barChart({
  ...common,
  id: `${name}-durations`,
  title: 'Duration',
  description: `The longest backup of the last 30 days took ${seconds(longest)}.`,
  points: byDay((row) => [row.averageSeconds, row.longestSeconds]),
  series: ['average', 'longest'],
  unit: 'seconds',
})}
${barChart({
  ...common,
  id: `${name}-sizes`,
  title: 'Written per day',
  description: `At most ${bytes(largest)} were written on one day.`,
  points: byDay((row) => [row.bytes]),
  series: ['bytes'],
  unit: 'bytes',
})}
${barChart({
  ...common,
  id: `${name}-storage`,
  title: 'Kept backups',
  description: `From ${bytes(days[0]?.keptBytes ?? 0)} on ${days[0]?.day ?? ''} to ${bytes(last?.keptBytes ?? 0)} on ${last?.day ?? ''}.`,
  points: byDay((row) => [row.keptBytes]),
  series: ['bytes'],
  unit: 'bytes',
})}
${history.length === 0 ? null : [againstTarget(name, 'rto', history), againstTarget(name, 'rpo', history)]}
</div>`;
}

const MEASURES = {
  rto: {
    title: 'Recovery time of each test (RTO)',
    value: (test: RecoveryTestLine) => test.rtoSeconds,
    target: (test: RecoveryTestLine) => test.rtoTargetSeconds,
  },
  rpo: {
    title: 'Age of the data in each test (RPO)',
    value: (test: RecoveryTestLine) => test.rpoSeconds,
    target: (test: RecoveryTestLine) => test.rpoTargetSeconds,
  },
} as const;

function againstTarget(
  name: string,
  measure: keyof typeof MEASURES,
  history: readonly RecoveryTestLine[],
): Html {
  const { title, value, target } = MEASURES[measure];
  const newest = history.at(-1);
  const aim = newest === undefined ? null : target(newest);
  const missed = history.filter((test) => (value(test) ?? 0) > (target(test) ?? Number.POSITIVE_INFINITY));
  return barChart({
    id: `${name}-${measure}`,
    title,
    description: `${count(history.length, 'recovery test')}, ${missed.length} of them beyond the target.`,
    points: history.map((test) => ({ label: day(test.endedAt).slice(5), values: [value(test)] })),
    series: ['measured'],
    stacked: false,
    unit: 'seconds',
    target: aim ?? undefined,
  });
}

function failures({ failures: rows }: SourceReport): Html {
  if (rows.length === 0) return html``;
  return htmlTable(
    'Failed backups of the last 24 hours',
    ['Ended', 'Reason', 'Backup'],
    rows.map((row) => [when(row.endedAt), `${row.code}: ${row.message}`, html`<code>${row.id}</code>`]),
  );
}

function recoveryTests({ recoveryTests: { history } }: SourceReport): Html {
  if (history.length === 0) return html`<p class="soft">No recovery test ended in the last 30 days.</p>`;
  return htmlTable(
    'Recovery tests of the last 30 days',
    ['Ended', 'Result', 'Differences', 'Restored in', 'Data age', 'Backup'],
    [...history]
      .reverse()
      .map((test) => [
        when(test.endedAt),
        html`<span class="badge ${test.status === 'passed' ? 'passed' : 'failed'}">${test.status}</span>`,
        test.findings,
        measured(test.rtoSeconds, test.rtoTargetSeconds, seconds),
        measured(test.rpoSeconds, test.rpoTargetSeconds, age),
        test.fileName ?? test.backupId,
      ]),
  );
}

function criticalTables({ recoveryTests: { newestPassed } }: SourceReport): Html {
  if (newestPassed === null || newestPassed.criticalTables.length === 0) return html``;
  const rows = newestPassed.criticalTables.map((table) => `${table.name} ${table.rows}`).join(', ');
  return html`<p class="soft">Rows of the critical tables, as the newest passed test found them: ${rows}.</p>`;
}

function measured(value: number | null, target: number | null, format: (value: number) => string): Html {
  if (value === null) return html`–`;
  if (target === null || value <= target) return html`${format(value)}`;
  return html`<span class="verdict failed">${format(value)}, target ${age(target)}</span>`;
}

function holds({ legalHolds }: SourceReport): Html {
  if (legalHolds.length === 0) return html``;
  return htmlTable(
    'Legal holds: kept whatever retention says',
    ['Backup', 'Reason'],
    legalHolds.map((row) => [row.fileName ?? row.backupId, row.reason ?? '']),
  );
}

function dayTable({ days }: SourceReport): Html {
  const rows = days.map((row) => [
    row.day,
    row.completed,
    row.failed,
    row.averageSeconds === null ? '' : seconds(row.averageSeconds),
    row.longestSeconds === null ? '' : seconds(row.longestSeconds),
    bytes(row.bytes),
    bytes(row.keptBytes),
  ]);
  const head = ['Day (UTC)', 'Completed', 'Failed', 'Average', 'Longest', 'Written', 'Kept'];
  return html`<details><summary>The figures behind the charts</summary>${htmlTable('Each day in UTC', head, rows)}</details>`;
}
