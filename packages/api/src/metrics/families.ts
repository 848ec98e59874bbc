import { DURATION_BUCKETS } from '@safekeep/shared/history/metrics';
import { assessCompliance, type SourceProof } from '@safekeep/shared/policy/health';
import type { HistorySnapshot, Snapshot } from './snapshot.js';

type Labels = Readonly<Record<string, string | number>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** A histogram's samples have names of their own. */
  readonly metricName?: string;
}

/** A metric with its samples. */
export interface Family {
  readonly name: `safekeep_${string}`;
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly samples: readonly Sample[];
}

/**
 * The metrics of a snapshot. Labels are bounded: sources, types, statuses, queues and their states, schedules, severities.
 * A part that did not answer says so in `safekeep_history_up` or `safekeep_redis_up` and has no samples, so that no old
 * value is taken for a new one.
 */
export function metricFamilies(snapshot: Snapshot): Family[] {
  const { history, redis, targets, version } = snapshot;
  const one = (name: Family['name'], help: string, value: number): Family =>
    gauge(name, help, [{ labels: {}, value }]);
  return [
    gauge('safekeep_build_info', 'Always 1; the version is in the label', [
      { labels: { version }, value: 1 },
    ]),
    one('safekeep_history_up', '1 if the history database answered this scrape', history === null ? 0 : 1),
    one('safekeep_redis_up', '1 if Redis answered this scrape', redis === null ? 0 : 1),
    one('safekeep_rto_target_seconds', 'RTO_TARGET: the longest that a restore may take', targets.rto),
    one('safekeep_rpo_target_seconds', 'RPO_TARGET: the oldest that the newest data may be', targets.rpo),
    ...(history === null
      ? []
      : [
          ...rowCounts(history),
          ...totals(history),
          ...proofs(history.proofs),
          ...levels(history),
          compliance(history, snapshot),
        ]),
    ...(redis === null ? [] : queues(redis)),
  ];
}

function rowCounts({ backups, verifications, recoveryTests }: HistorySnapshot): Family[] {
  const tallied = (name: Family['name'], help: string, rows: typeof backups): Family =>
    gauge(
      name,
      help,
      rows.map(({ source, type, status, count }) => ({ labels: { source, type, status }, value: count })),
    );
  return [
    tallied('safekeep_backups', 'Backups in history by status', backups),
    tallied('safekeep_verifications', 'Verifications in history by status', verifications),
    tallied('safekeep_recovery_tests', 'Recovery tests in history by status', recoveryTests),
  ];
}

function totals({ totals: rows }: HistorySnapshot): Family[] {
  const of = (value: (row: (typeof rows)[number]) => number): Sample[] =>
    rows.map((row) => ({ labels: { source: row.source, type: row.type }, value: value(row) }));
  return [
    {
      name: 'safekeep_backup_written_bytes_total',
      help: 'Bytes of all backup files that were ever written',
      type: 'counter',
      samples: of((row) => row.bytesWritten),
    },
    gauge(
      'safekeep_backup_kept_bytes',
      'Bytes of the backup files that are kept',
      of((row) => row.keptBytes),
    ),
    {
      name: 'safekeep_backup_duration_seconds',
      help: 'How long successful backups took',
      type: 'histogram',
      samples: rows.flatMap(durationSamples),
    },
  ];
}

function durationSamples(row: HistorySnapshot['totals'][number]): Sample[] {
  const name = 'safekeep_backup_duration_seconds';
  const labels = { source: row.source, type: row.type };
  return [
    ...DURATION_BUCKETS.map((le, at) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le },
      value: row.withinBuckets[at] ?? 0,
    })),
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: row.count },
    { metricName: `${name}_sum`, labels, value: row.seconds },
    { metricName: `${name}_count`, labels, value: row.count },
  ];
}

/** A time that does not exist yet is 0, so that "never" is older than any limit and an alert needs no second rule. */
function proofs(rows: readonly SourceProof[]): Family[] {
  const times = (name: Family['name'], help: string, time: (row: SourceProof) => Date | null): Family =>
    gauge(
      name,
      `${help}, as a Unix timestamp; 0 for never`,
      rows.map((row) => ({ labels: { source: row.source }, value: unixTime(time(row)) })),
    );
  const known = (
    name: Family['name'],
    help: string,
    value: (row: SourceProof) => number | boolean | null,
  ): Family =>
    gauge(
      name,
      help,
      rows.flatMap((row) => {
        const found = value(row);
        return found === null ? [] : [{ labels: { source: row.source }, value: Number(found) }];
      }),
    );
  return [
    times('safekeep_last_success_timestamp_seconds', 'End of the newest backup', (row) => row.lastSuccessAt),
    times('safekeep_newest_data_timestamp_seconds', 'Start of the newest backup', (row) => row.newestDataAt),
    times(
      'safekeep_last_verification_timestamp_seconds',
      'Newest verification that passed or failed',
      (row) => row.lastVerificationAt,
    ),
    times(
      'safekeep_last_passed_verification_timestamp_seconds',
      'Newest verification that passed',
      (row) => row.lastVerificationPassedAt,
    ),
    times(
      'safekeep_last_recovery_test_timestamp_seconds',
      'Newest recovery test that passed or failed',
      (row) => row.lastRecoveryTestAt,
    ),
    times(
      'safekeep_last_passed_recovery_test_timestamp_seconds',
      'Newest recovery test that passed',
      (row) => row.lastRecoveryTestPassedAt,
    ),
    known(
      'safekeep_last_backup_ok',
      '1 if the newest backup succeeded, 0 if it failed',
      (row) => row.lastBackupOk,
    ),
    known(
      'safekeep_last_verification_ok',
      '1 if the newest verification passed, 0 if it failed',
      (row) => row.lastVerificationOk,
    ),
    known(
      'safekeep_last_recovery_test_ok',
      '1 if the newest recovery test passed, 0 if it failed',
      (row) => row.lastRecoveryTestOk,
    ),
    known(
      'safekeep_unsound_backups',
      'Backups whose newest verification failed',
      (row) => row.unsoundBackups,
    ),
    known(
      'safekeep_last_rto_seconds',
      'Time to recover, measured by the newest recovery test that passed',
      (row) => row.lastRtoSeconds,
    ),
  ];
}

function levels({ openAlerts, storage }: HistorySnapshot): Family[] {
  return [
    gauge(
      'safekeep_open_alerts',
      'Alerts that are not resolved',
      Object.entries(openAlerts).map(([severity, value]) => ({ labels: { severity }, value })),
    ),
    gauge(
      'safekeep_storage_free_bytes',
      'Free bytes of the volume of a source, when somebody looked last',
      storage.map(({ source, freeBytes }) => ({ labels: { source }, value: freeBytes })),
    ),
    gauge(
      'safekeep_storage_total_bytes',
      'Size in bytes of the volume of a source',
      storage.map(({ source, totalBytes }) => ({ labels: { source }, value: totalBytes })),
    ),
  ];
}

const COMPLIANCE_VALUES = { compliant: 0, at_risk: 1, non_compliant: 2 } as const;

function compliance({ proofs: rows, openAlerts, now }: HistorySnapshot, { targets }: Snapshot): Family {
  const { status } = assessCompliance(rows, openAlerts, targets, now);
  const help = 'complianceStatus of the health: 0 compliant, 1 at risk, 2 non-compliant';
  return gauge('safekeep_compliance_status', help, [{ labels: {}, value: COMPLIANCE_VALUES[status] }]);
}

function queues({ queues: rows, nextRuns }: NonNullable<Snapshot['redis']>): Family[] {
  const states = ['waiting', 'active', 'delayed', 'failed'] as const;
  return [
    gauge(
      'safekeep_queue_jobs',
      'Jobs on a queue by state',
      rows.flatMap((row) =>
        states.map((state) => ({ labels: { queue: row.queue, state }, value: row[state] })),
      ),
    ),
    gauge(
      'safekeep_workers',
      'Workers that are connected to a queue',
      rows.map(({ queue, workers }) => ({ labels: { queue }, value: workers })),
    ),
    gauge(
      'safekeep_schedule_next_run_timestamp_seconds',
      'When a schedule is due next, as a Unix timestamp',
      nextRuns.map(({ schedule, source, at }) => ({ labels: { schedule, source }, value: unixTime(at) })),
    ),
  ];
}

function gauge(name: Family['name'], help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples };
}

function unixTime(time: Date | null): number {
  return time === null ? 0 : time.getTime() / 1_000;
}
