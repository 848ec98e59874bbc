/**
 * SQL that fills an empty history as years of backups of twenty sources would: a few sources have most of them; retention has
 * removed almost all, a few are kept, few failed, and a handful is on its way. Everything follows from the row's
 * number, so it is the same at each run. Needs a superuser: triggers and foreign keys rest meanwhile, and indexes are
 * made at the end.
 *
 * @param backups how many
 * @returns statements in their order; the last ones cannot be in a transaction
 */
export function fillHistory(backups: number): string[] {
  return [
    `SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; SET jit = off;
     SET max_parallel_maintenance_workers = 2`,
    PUT_INDEXES_ASIDE,
    fillBackups(backups),
    'CREATE INDEX filled_by_sequence ON backups (sequence); ANALYZE backups',
    ...checks(backups),
    ...beside(backups),
    'DROP INDEX filled_by_sequence',
    PUT_INDEXES_BACK,
    'RESET session_replication_role',
    ...TABLES.map((table) => `VACUUM (ANALYZE) ${table}`),
  ];
}

/** The tables that grow with the years. */
export const TABLES = [
  'backups',
  'runs',
  'verifications',
  'recovery_tests',
  'disposals',
  'audit_events',
  'due_runs',
  'alerts',
  'notifications',
  'storage_samples',
] as const;

const NAMES = TABLES.map((table) => `'${table}'`).join(', ');

const PUT_INDEXES_ASIDE = `
  CREATE TEMP TABLE aside AS SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
  FROM pg_index i WHERE indrelid::regclass::text IN (${NAMES})
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid);
  DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT * FROM aside LOOP EXECUTE 'DROP INDEX ' || one.name; END LOOP;
  END $$`;

const PUT_INDEXES_BACK = `
  DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT * FROM aside LOOP EXECUTE one.definition; END LOOP;
  END $$`;

/** In the order of the rows, as that is the order in which an index takes them fastest. */
const idOf = (number: string) => `('00000000-0000-4000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`;

/** A number from 0 to 1 that follows from another one. */
const chance = (of: string) => `((hashint8(${of})::bigint + 2147483648) / 4294967296::float8)`;

/** Ten years, the newest backup a minute old. Seven in a row are of one source, and the first of them is the full one. */
const fillBackups = (count: number) => `
  INSERT INTO backups (id, source, type, requested_type, status, base_id, requested_via, attempts, created_at, started_at,
    ended_at, file_name, size_bytes, archive_bytes, checksum, key_id, compression, postgres_version, pg_dump_version,
    table_count, row_count, large_object_count, sequence, hmac, error_code, error_message, legal_hold, disposed_at,
    disposed_reason, largest_tables)
  SELECT ${idOf('n')}, 'clinic_' || to_char(floor(20 * power(${chance('n / 7')}, 2)), 'FM00'), type, type, status,
    CASE WHEN type = 'incremental' THEN ${idOf('n - n % 7')} END, 'schedule', 1, at,
    CASE WHEN status <> 'queued' THEN at + interval '2 seconds' END,
    CASE WHEN status NOT IN ('queued', 'running') THEN at + interval '2 seconds' + took END,
    CASE WHEN has_file THEN type || '_backup_' || to_char(at, 'YYYYMMDD_HH24MISS') || '.pgdump.enc.gz' END,
    CASE WHEN has_file THEN bytes END, CASE WHEN has_file THEN bytes END,
    CASE WHEN has_file THEN lpad(to_hex(n), 64, 'c') END, CASE WHEN has_file THEN '0123456789abcdef' END,
    CASE WHEN has_file THEN 'gzip:9' END, CASE WHEN has_file THEN '15.18' END, CASE WHEN has_file THEN '15.18' END,
    CASE WHEN has_file THEN 24 END, CASE WHEN has_file THEN bytes / 100 END, CASE WHEN has_file THEN 0 END,
    CASE WHEN has_file THEN n END, CASE WHEN has_file THEN lpad(to_hex(n), 64, 'a') END,
    CASE status WHEN 'failed' THEN 'SOURCE_UNREACHABLE' WHEN 'cancelled' THEN 'BACKUP_CANCELLED' END,
    CASE status WHEN 'failed' THEN 'The source cannot be reached.' WHEN 'cancelled' THEN 'The backup was cancelled.' END,
    status = 'completed' AND luck < 0.0001,
    CASE WHEN status = 'missing' AND luck >= 0.0001 THEN least(at + interval '90 days', now()) END,
    CASE WHEN status = 'missing' AND luck >= 0.0001 THEN '90 days old' END,
    CASE WHEN status = 'completed' THEN '[{"name": "public.observations", "rows": 2400000}, {"name": "public.patients", "rows": 52000}]'::jsonb END
  FROM (
    SELECT *, status IN ('completed', 'missing') AS has_file FROM (
      SELECT n, now() - interval '1 minute' - (${count} - n) * (interval '10 years' / ${count}) AS at,
        ${chance('n')} AS luck, interval '1 second' * (1 + floor(600 * ${chance('n + 1000000007')})) AS took,
        (1000000 * (1 + 500 * ${chance('n + 2000000011')}))::bigint AS bytes,
        CASE WHEN n % 5003 = 0 THEN 'emergency' WHEN n % 7 = 0 THEN 'full' ELSE 'incremental' END AS type,
        CASE WHEN n > ${count} - 5 THEN 'queued' WHEN n > ${count} - 8 THEN 'running'
          WHEN ${chance('n')} > 0.96 THEN 'failed' WHEN ${chance('n')} > 0.955 THEN 'cancelled'
          WHEN n > ${count} * 0.98 OR n % 700 < 7 THEN 'completed' ELSE 'missing' END AS status
      FROM generate_series(1, ${count}) n
    ) rolled
  ) dealt`;

/** Runs, verifications, recovery tests and disposals of the youngest quarter. */
const checks = (count: number) => [
  `INSERT INTO runs (id, queue, subject_id, source, state, worker, file_name, swept, started_at, heartbeat_at, lease_until, ended_at)
   SELECT id, 'backup', id, source,
     CASE status WHEN 'missing' THEN 'completed' ELSE status END, 'worker-1:77', file_name, false, started_at,
     coalesce(ended_at, now()), coalesce(ended_at, now()) + interval '45 seconds', ended_at
   FROM (SELECT *, row_number() OVER (PARTITION BY status = 'running', source) AS place FROM backups
         WHERE created_at > now() - interval '30 months' AND status <> 'queued') b
   WHERE status <> 'running' OR place = 1 ORDER BY started_at`,
  `INSERT INTO verifications (id, backup_id, status, verdict, requested_via, created_at, started_at, ended_at, error_code,
     source, backup_type)
   SELECT id, id, outcome, CASE outcome WHEN 'passed' THEN 'sound' WHEN 'failed' THEN 'checksum' END, 'schedule',
     ended_at + interval '1 hour', ended_at + interval '1 hour', ended_at + interval '61 minutes',
     CASE outcome WHEN 'error' THEN 'KEY_UNKNOWN' END, source, type
   FROM (SELECT *, CASE WHEN sequence % 997 = 0 THEN 'failed' WHEN sequence % 991 = 0 THEN 'error' ELSE 'passed' END AS outcome
         FROM backups WHERE sequence > ${count} * 3 / 4) b ORDER BY created_at`,
  `INSERT INTO recovery_tests (id, backup_id, status, findings, rto_seconds, rpo_seconds, requested_via, created_at, started_at,
     ended_at, error_code, source, backup_type)
   SELECT id, id, outcome, '[]', 120, 3600, 'schedule', ended_at + interval '2 hours',
     ended_at + interval '2 hours', ended_at + interval '122 minutes', CASE outcome WHEN 'error' THEN 'JOB_FAILED' END, source, type
   FROM (SELECT *, CASE WHEN sequence % 35 = 0 THEN 'failed' WHEN sequence % 33 = 0 THEN 'error' ELSE 'passed' END AS outcome
         FROM backups WHERE sequence > ${count} * 3 / 4 AND sequence % 7 IN (0, 3) AND sequence % 5 = 0) b ORDER BY created_at`,
  `INSERT INTO cleanup_runs (id, status, dry_run, decisions, requested_via, created_at, started_at, ended_at)
   SELECT md5('cleanup' || n)::uuid, 'completed', false, '[]', 'schedule', at, at, at + interval '5 seconds'
   FROM (SELECT n, now() - n * interval '1 day' AS at FROM generate_series(1, 3650) n) days`,
  `INSERT INTO disposals (id, backup_id, cleanup_run_id, source, type, file_name, size_bytes, checksum, hmac, key_id,
     backup_started_at, reason, disposed_at, files_removed_at)
   SELECT id, id, md5('cleanup' || 1 + sequence % 3650)::uuid, source, type, file_name, size_bytes, checksum, hmac,
     key_id, started_at, disposed_reason, disposed_at, disposed_at
   FROM backups WHERE disposed_at IS NOT NULL AND sequence > ${count} * 3 / 4 ORDER BY disposed_at`,
];

const beside = (count: number) => [
  `INSERT INTO audit_events (seq, at, actor, action, target, result, prev_hash, hash)
   SELECT n + (SELECT coalesce(max(seq), 0) FROM audit_events),
     now() - interval '1 minute' - (${count} / 2 - n) * (interval '10 years' / (${count} / 2)),
     CASE WHEN n % 3 = 0 THEN 'schedule' WHEN n % 1009 = 0 THEN 'auditor' ELSE 'worker' END,
     CASE WHEN n % 1009 = 0 THEN 'audit.read' WHEN n % 499 = 0 THEN 'login' WHEN n % 3 = 0 THEN 'backup.request' ELSE 'backup.completed' END,
     ${idOf('n')}::text, 'ok', '\\x00', decode(lpad(to_hex(n), 64, '0'), 'hex')
   FROM generate_series(1, ${count} / 2) n`,
  `INSERT INTO schedules (source, name, env_cron)
   SELECT 'clinic_' || to_char(n, 'FM00'), name, '0 2 * * *'
   FROM generate_series(0, 19) n, unnest(ARRAY['full', 'incremental', 'verify', 'test']) name`,
  `INSERT INTO due_runs (source, name, due_at, late, created_at)
   SELECT 'clinic_' || to_char(n % 20, 'FM00'), CASE WHEN n % 7 = 0 THEN 'full' ELSE 'incremental' END, at, n % 4999 = 0, at
   FROM (SELECT n, now() - (${count} - n) * (interval '10 years' / ${count}) AS at
         FROM generate_series(${count} / 2, ${count}) n) due`,
  `INSERT INTO alerts (id, rule, severity, source, subject, message, raised_at, updated_at, resolved_at)
   SELECT ${idOf('n')}, 'backup-failed', CASE n % 10 WHEN 0 THEN 'critical' ELSE 'warning' END,
     'clinic_' || to_char(n % 20, 'FM00'), n::text, 'The newest backup failed.', at, at, CASE WHEN n > 20 THEN at + interval '1 hour' END
   FROM (SELECT n, now() - n * (interval '10 years' / (1 + ${count} / 20)) AS at FROM generate_series(1, ${count} / 20) n) raised`,
  `INSERT INTO notifications (id, alert_id, channel, event, subject, severity, status, created_at, started_at, ended_at)
   SELECT ${idOf('n')}, NULL, CASE WHEN n % 2 = 0 THEN 'smtp' ELSE 'slack' END, 'success', ${idOf(`${count} - n`)}::text,
     'info', 'sent', at, at, at + interval '1 second'
   FROM (SELECT n, now() - n * (interval '10 years' / (1 + ${count} / 5)) AS at FROM generate_series(1, ${count} / 5) n) told`,
  `INSERT INTO storage_samples (source, at, free_bytes, total_bytes, backup_bytes)
   SELECT 'clinic_' || to_char(n % 20, 'FM00'), now() - (n / 20) * (interval '400 days' / (1 + ${count} / 200)), 500000000000 - n,
     1000000000000, 400000000000 FROM generate_series(1, ${count} / 10) n`,
];
