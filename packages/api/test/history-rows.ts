import { randomUUID } from 'node:crypto';
import type pg from 'pg';

/** A backup as history would hold it; times are in seconds before now. */
interface Given {
  readonly source?: string;
  readonly type?: 'full' | 'emergency';
  readonly status?: 'completed' | 'failed' | 'cancelled' | 'missing' | 'running' | 'queued';
  readonly started?: number | null;
  readonly ended?: number | null;
  readonly bytes?: number | null;
  readonly disposed?: boolean;
}

export async function addBackup(pool: pg.Pool, given: Given = {}): Promise<string> {
  const {
    source = 'main',
    type = 'full',
    status = 'completed',
    started = 700,
    ended = 100,
    bytes = 1_000,
  } = given;
  const id = randomUUID();
  await pool.query(
    `INSERT INTO backups (id, source, type, requested_type, status, requested_via, created_at, started_at, ended_at,
       file_name, size_bytes, checksum, hmac, error_code, disposed_at)
     VALUES ($1, $2, $3, $3, $4, 'cli', now() - make_interval(secs => coalesce($5, $6, 0)),
       now() - make_interval(secs => $5), now() - make_interval(secs => $6), 'f', $7, 'c', 'h', $8, $9)`,
    [
      id,
      source,
      type,
      status,
      started,
      ended,
      bytes,
      status === 'failed' ? 'DISK_FULL' : null,
      given.disposed ? new Date() : null,
    ],
  );
  return id;
}

type Verdict = 'passed' | 'failed' | 'error';

export async function addVerification(
  pool: pg.Pool,
  backupId: string,
  status: Verdict,
  ended = 50,
): Promise<void> {
  await pool.query(
    `INSERT INTO verifications (id, backup_id, status, verdict, requested_via, created_at, ended_at, error_code)
     VALUES ($1, $2, $3, $4, 'cli', now() - make_interval(secs => $5), now() - make_interval(secs => $5), $6)`,
    [
      randomUUID(),
      backupId,
      status,
      status === 'passed' ? 'sound' : 'checksum',
      ended,
      status === 'error' ? 'KEY_UNKNOWN' : null,
    ],
  );
}

export async function addRecoveryTest(
  pool: pg.Pool,
  backupId: string,
  status: Verdict,
  rto: number | null = null,
  ended = 40,
): Promise<void> {
  await pool.query(
    `INSERT INTO recovery_tests (id, backup_id, status, requested_via, rto_seconds, created_at, ended_at, error_code)
     VALUES ($1, $2, $3, 'cli', $4, now() - make_interval(secs => $5), now() - make_interval(secs => $5), $6)`,
    [randomUUID(), backupId, status, rto, ended, status === 'error' ? 'JOB_FAILED' : null],
  );
}

export async function addAlert(
  pool: pg.Pool,
  rule: string,
  severity: 'info' | 'warning' | 'critical',
  resolved = false,
): Promise<void> {
  await pool.query(
    `INSERT INTO alerts (id, rule, severity, source, message, resolved_at)
     VALUES ($1, $2, $3, 'main', 'what it says', $4)`,
    [randomUUID(), rule, severity, resolved ? new Date() : null],
  );
}

/** Everything but the users. */
export async function emptyHistory(pool: pg.Pool): Promise<void> {
  await pool.query('TRUNCATE backups, verifications, recovery_tests, alerts, storage_samples CASCADE');
}
