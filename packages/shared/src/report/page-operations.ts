import type { ReportBody } from '../contracts/report-body.js';
import { age, bytes, count, minute } from '../format.js';
import { type Html, html } from '../html.js';
import { PROTECTIONS } from '../policy/compliance-custody.js';
import { htmlTable, when } from './table.js';

/** Schedules, retention, alerts, configuration: what concerns all sources. */
export function operationsSection(body: ReportBody): Html {
  return html`<section><h2>Operation</h2>
<h3>Schedules</h3>${schedules(body)}
<h3>Retention</h3>${retention(body)}
<h3>Alerts</h3>${alerts(body)}
<h3>Configuration</h3>${configuration(body)}
</section>`;
}

function schedules({ schedules: rows }: ReportBody): Html {
  if (rows.length === 0) return html`<p>No schedule is recorded yet.</p>`;
  return htmlTable(
    'What runs by itself',
    ['Source', 'Job', 'Cron', 'Next run'],
    rows.map((row) => [
      row.source === '*' ? 'all' : row.source,
      row.name,
      row.cron === null
        ? html`<span class="badge warning">off</span>`
        : html`<code>${row.cron}</code> ${row.timezone}${row.overridden ? ', set by a person' : ''}`,
      row.paused
        ? html`<span class="badge warning">paused</span>`
        : row.nextRunAt === null
          ? '–'
          : when(row.nextRunAt),
    ]),
  );
}

function retention({
  cleanup,
  disposals,
  configuration: { retentionFullDays, retentionIncrementalDays, retentionKeepMinimum },
}: ReportBody): Html {
  const rule = html`<p>Full backups are kept ${retentionFullDays} days, incremental ones ${retentionIncrementalDays}, at least ${retentionKeepMinimum} full ones of each source, and longer where a rule below says so.</p>`;
  const last =
    cleanup === null
      ? html`<p>Cleanup never ran.</p>`
      : html`<p>The cleanup of ${minute(cleanup.endedAt)} ${cleanup.status}: ${cleanup.keptCount} kept, ${cleanup.removedCount} removed (${bytes(cleanup.removedBytes)}), ${cleanup.failedCount} could not be removed.</p>`;
  const reasons =
    cleanup === null || cleanup.keptReasons.length === 0
      ? null
      : htmlTable(
          'Why backups were kept',
          ['Reason', 'Backups'],
          cleanup.keptReasons.map((row) => [row.reason, row.count]),
        );
  const removals =
    cleanup === null || cleanup.removals.length === 0
      ? null
      : htmlTable(
          'What that cleanup decided to remove',
          ['Backup', 'Size', 'Why', 'Outcome'],
          cleanup.removals.map((row) => [
            `${row.source}: ${row.fileName ?? '–'}`,
            bytes(row.sizeBytes),
            row.reason,
            row.outcome,
          ]),
        );
  const gone = html`<p>${count(disposals.count, 'disposal')} recorded in all (${bytes(disposals.bytes)})${disposals.unfinished === 0 ? '' : `; ${disposals.unfinished} not finished: the files may be there still`}.</p>`;
  return html`${rule}${last}${reasons}${removals}${gone}${disposalTable(disposals.trend)}`;
}

function disposalTable(rows: ReportBody['disposals']['trend']): Html {
  if (rows.length === 0) return html``;
  return htmlTable(
    'Disposals of the last 30 days',
    ['When', 'Backup', 'Why', 'SHA-256'],
    rows.map((row) => [
      when(row.disposedAt),
      `${row.source}: ${row.fileName}`,
      row.reason,
      html`<code>${row.checksum === null ? '–' : `${row.checksum.slice(0, 16)}…`}</code>`,
    ]),
  );
}

function alerts({ alerts: { raised, resolved, open } }: ReportBody): Html {
  const counts = html`<p>In 24 hours ${raised} raised and ${resolved} resolved; ${open.length} open.</p>`;
  if (open.length === 0) return counts;
  const table = htmlTable(
    'Open alerts',
    ['Severity', 'Rule', 'Source', 'Message', 'Since', 'Acknowledged'],
    open.map((row) => [
      html`<span class="badge ${row.severity}">${row.severity}</span>`,
      row.rule,
      row.source ?? 'all',
      row.message,
      when(row.raisedAt),
      row.acknowledgedAt === null ? 'no' : when(row.acknowledgedAt),
    ]),
  );
  return html`${counts}${table}`;
}

function configuration({ configuration: facts }: ReportBody): Html {
  const rows: [string, string][] = [
    ['Safekeep', facts.version],
    ['Encryption', `AES-256-CBC with HMAC-SHA-256; the current key has the id ${facts.keyId}`],
    ['Compression', facts.compression],
    [
      'Targets',
      `recovery within ${age(facts.rtoTargetSeconds)}, data at most ${age(facts.rpoTargetSeconds)} old`,
    ],
    ...facts.transports.map((row): [string, string] => [
      `Connection ${row.connection}`,
      PROTECTIONS[row.protection],
    ]),
  ];
  return html`<dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>`;
}
