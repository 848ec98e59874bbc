import type { AlertRule } from '../../src/contracts/alert.js';

const columns = `(id, source, type, requested_type, status, requested_via, created_at, started_at, ended_at, file_name, checksum,
  hmac, key_id, size_bytes, row_count, table_count, largest_tables, error_code, error_message, error_hint)`;

interface Row {
  readonly id?: string;
  readonly status?: string;
  readonly age?: string;
  readonly key?: string;
  readonly rows?: number;
  readonly patients?: number;
}

/** A full backup that has ended, as history would hold it. */
export function backupRow(source: string, row: Row = {}): string {
  const { id = 'gen_random_uuid()', status = 'completed', age = '1 hour', key = 'k1', rows = 1000 } = row;
  const error = status === 'failed' ? "'DISK_FULL', 'm', 'Make room.'" : 'NULL, NULL, NULL';
  const tables = JSON.stringify([
    { name: 'public.appointments', rows: rows - (row.patients ?? 100) },
    { name: 'public.patients', rows: row.patients ?? 100 },
  ]);
  const ended = `now() - interval '${age}'`;
  return `INSERT INTO backups ${columns} VALUES (${id}, '${source}', 'full', 'full', '${status}', 'cli', ${ended}, ${ended}, ${ended},
    'f-' || gen_random_uuid(), 'c', 'h', '${key}', 1000, ${rows}, 2, '${tables}', ${error});`;
}

const B = "'00000000-0000-4000-8000-00000000000";
const schedule = (source: string, name: string, cron: string) =>
  `INSERT INTO schedules (source, name, env_cron, since) VALUES ('${source}', '${name}', '${cron}', now() - interval '60 days');`;

/** A source that is configured and backed up by hand. */
const unscheduled = (source: string) =>
  `INSERT INTO schedules (source, name, since) VALUES ('${source}', 'full', now());`;

/** A worker that lives and has the key `k1`. */
export const WORKER = `INSERT INTO workers (id, name, key_id, sources) VALUES (gen_random_uuid(), 'host:1', 'k1', '{main}');`;

/** What must have happened for each rule to speak; each has a source of its own where it can. */
export const SITUATIONS: Readonly<Record<AlertRule, string>> = {
  'backup-failed': unscheduled('failed-one') + backupRow('failed-one', { status: 'failed' }),
  'backup-overdue': backupRow('overdue', { age: '5 days' }) + schedule('overdue', 'full', '0 2 * * *'),
  'schedule-late': `INSERT INTO due_runs (source, name, due_at, late) VALUES ('late-one', 'full', now() - interval '9 hours', true);`,
  'verification-failed': `${unscheduled('damaged')}${backupRow('damaged', { id: `${B}1'` })}
    INSERT INTO verifications (id, backup_id, status, verdict, requested_via, ended_at)
    VALUES (gen_random_uuid(), ${B}1', 'failed', 'checksum', 'cli', now());`,
  'recovery-test-failed': `${backupRow('differs', { id: `${B}2'` })}
    INSERT INTO recovery_tests (id, backup_id, status, findings, requested_via, ended_at)
    VALUES (gen_random_uuid(), ${B}2', 'failed', '[{"kind": "rows"}]', 'cli', now());`,
  'recovery-test-overdue':
    backupRow('untested', { age: '50 days' }) + schedule('untested', 'verify', '0 3 * * 0'),
  'disk-low': `INSERT INTO storage_samples (source, at, free_bytes, total_bytes, backup_bytes) VALUES
    ('full-disk', now() - interval '3 days', 400, 1000, 1), ('full-disk', now(), 40, 1000, 1);`,
  'size-anomaly':
    backupRow('shrunk', { age: '3 days' }) +
    backupRow('shrunk', { age: '2 days' }) +
    backupRow('shrunk', { age: '1 day', rows: 910, patients: 10 }),
  'key-unknown': backupRow('old-key', { key: 'k0' }),
  'job-stalled': `INSERT INTO backups (id, source, type, requested_type, status, requested_via)
      VALUES (${B}3', 'stuck', 'full', 'full', 'running', 'cli');
    INSERT INTO runs (id, queue, subject_id, source, state, worker, heartbeat_at, lease_until)
      VALUES (gen_random_uuid(), 'backup', ${B}3', 'stuck', 'running', 'host:1', now() - interval '1 hour', now() - interval '1 hour');`,
  'worker-absent': `UPDATE workers SET seen_at = now() - interval '5 minutes';`,
  'unknown-files': `INSERT INTO storage_findings (id, source, kind, name) VALUES
    (gen_random_uuid(), 'strangers', 'unknown-file', 'SMITH-john.txt'),
    (gen_random_uuid(), 'strangers', 'unknown-file', 'emergency_backup_20260101_020000.pgdump');`,
  'missing-files': backupRow('gone', { status: 'missing' }),
  'notification-failed': `INSERT INTO notifications (id, channel, event, status, ended_at, error_code, reason)
    VALUES (gen_random_uuid(), 'slack', 'test', 'failed', now(), 'NOTIFICATION_FAILED', 'No.');`,
};

/** What ends each situation. */
export const REMEDIES: Readonly<Record<AlertRule, string>> = {
  'backup-failed': backupRow('failed-one', { age: '1 second' }),
  'backup-overdue': backupRow('overdue', { age: '1 second' }),
  'schedule-late': `UPDATE due_runs SET created_at = now() - interval '25 hours';`,
  'verification-failed': `INSERT INTO verifications (id, backup_id, status, verdict, requested_via, ended_at)
    VALUES (gen_random_uuid(), ${B}1', 'passed', 'sound', 'cli', now());`,
  'recovery-test-failed': `INSERT INTO recovery_tests (id, backup_id, status, findings, requested_via, ended_at)
    VALUES (gen_random_uuid(), ${B}2', 'passed', '[]', 'cli', now());`,
  'recovery-test-overdue': `INSERT INTO recovery_tests (id, backup_id, status, findings, requested_via, ended_at)
    SELECT gen_random_uuid(), id, 'passed', '[]', 'cli', now() FROM backups WHERE source = 'untested';`,
  'disk-low': `DELETE FROM storage_samples;`,
  'size-anomaly': backupRow('shrunk', { age: '1 second' }),
  'key-unknown': `UPDATE backups SET status = 'missing', disposed_at = now() WHERE source = 'old-key';`,
  'job-stalled': `UPDATE backups SET status = 'cancelled', ended_at = NULL WHERE id = ${B}3';`,
  'worker-absent': `UPDATE workers SET seen_at = now();`,
  'unknown-files': 'UPDATE storage_findings SET resolved_at = now();',
  'missing-files': `UPDATE backups SET disposed_at = now() WHERE source = 'gone';`,
  'notification-failed': `INSERT INTO notifications (id, channel, event, status, ended_at)
    VALUES (gen_random_uuid(), 'slack', 'test', 'sent', now());`,
};
