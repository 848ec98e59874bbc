import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { ReportSettings } from '../../src/history/report-data.js';

const DAY = 86_400_000;
export const GB = 1_000_000_000;

export const SETTINGS: ReportSettings = {
  sourceNames: ['main', 'billing', 'lab'],
  version: '0.1.0',
  keyId: '0123456789abcdef',
  compression: 'gzip:9',
  retentionFullDays: 90,
  retentionIncrementalDays: 30,
  retentionKeepMinimum: 3,
  rtoTargetSeconds: 14_400,
  rpoTargetSeconds: 93_600,
  transports: [
    { connection: 'history', protection: 'verified' },
    { connection: 'redis', protection: 'encrypted' },
    { connection: 'source main', protection: 'verified' },
    { connection: 'source billing', protection: 'plain' },
    { connection: 'source lab', protection: 'local' },
  ],
};

/**
 * A month of three sources, a full backup each night at 02:00 with a verification at 04:00 and a recovery test each week:
 * `main` as it should be; `billing`, whose backup failed twelve days ago and today and whose newest test took too long;
 * `lab`, where a kept backup was found damaged, the newest test found differences, and files are not what they should be.
 *
 * @param now some time after 06:00 UTC
 */
export async function thirtyDays(pool: pg.Pool, now: Date): Promise<void> {
  const midnight = Math.floor(now.getTime() / DAY) * DAY;
  const at = (daysAgo: number, hours: number) => new Date(midnight - daysAgo * DAY + hours * 3_600_000);
  const history = new MonthOfHistory(pool, at);
  for (let ago = 29; ago >= 0; ago -= 1) {
    await history.night('main', ago, { bytes: 5 * GB, seconds: 900 - ago * 10 });
    await history.night('billing', ago, { bytes: 2 * GB, seconds: 300, fails: ago === 12 || ago === 0 });
    await history.night('lab', ago, {
      bytes: GB / 2,
      seconds: 60,
      damaged: ago === 3,
      unverified: ago === 0,
    });
  }
  await history.weeklyTest('main', { passes: true, rto: 1_800 });
  await history.weeklyTest('billing', { passes: true, rto: 18_000 });
  await history.weeklyTest('lab', { passes: false, rto: 120 });
  await history.operations();
}

interface Night {
  readonly bytes: number;
  readonly seconds: number;
  readonly fails?: boolean;
  readonly damaged?: boolean;
  readonly unverified?: boolean;
}

class MonthOfHistory {
  constructor(
    private readonly pool: pg.Pool,
    private readonly at: (daysAgo: number, hours: number) => Date,
  ) {}

  async night(source: string, ago: number, night: Night): Promise<void> {
    const started = this.at(ago, 2);
    const ended = new Date(started.getTime() + night.seconds * 1000);
    const id = randomUUID();
    const name = `full_backup_${started.toISOString().slice(0, 10).replaceAll('-', '')}_020000.pgdump.enc.gz`;
    if (night.fails === true) {
      await this.pool.query(
        `INSERT INTO backups (id, source, type, requested_type, status, requested_via, created_at, started_at, ended_at,
           error_code, error_message, error_hint)
         VALUES ($1, $2, 'full', 'full', 'failed', 'schedule', $3, $3, $4, 'DISK_FULL', 'The backup directory is full.', 'Make room.')`,
        [id, source, started, ended],
      );
      return;
    }
    await this.pool.query(
      `INSERT INTO backups (id, source, type, requested_type, status, requested_via, created_at, started_at, ended_at,
         file_name, size_bytes, checksum, hmac, key_id)
       VALUES ($1, $2, 'full', 'full', 'completed', 'schedule', $3, $3, $4, $5, $6, 'c', 'h', $7)`,
      [id, source, started, ended, name, night.bytes, ago > 20 ? 'fedcba9876543210' : SETTINGS.keyId],
    );
    if (night.unverified !== true) await this.#verification(id, ago, night.damaged === true);
  }

  async #verification(backup: string, ago: number, damaged: boolean): Promise<void> {
    await this.pool.query(
      `INSERT INTO verifications (id, backup_id, status, requested_via, created_at, ended_at, verdict, reason)
       VALUES ($1, $2, $3, 'schedule', $4, $4, $5, $6)`,
      [
        randomUUID(),
        backup,
        damaged ? 'failed' : 'passed',
        this.at(ago, 4),
        damaged ? 'checksum' : 'sound',
        damaged ? 'the sha256 is not that of the sidecar' : null,
      ],
    );
  }

  /** Tests at 03:00, 2, 9, 16 and 23 days ago; only the newest one is as told, those before passed in ten minutes. */
  async weeklyTest(
    source: string,
    newest: { readonly passes: boolean; readonly rto: number },
  ): Promise<void> {
    for (const ago of [23, 16, 9, 2]) {
      const [passes, rto] = ago === 2 ? [newest.passes, newest.rto] : [true, 600];
      const findings = [
        { kind: 'rows', object: 'public.results', expected: 10, actual: 9 },
        { kind: 'index', object: 'public.results_by_day', expected: 'there', actual: null },
      ];
      await this.pool.query(
        `INSERT INTO recovery_tests (id, backup_id, status, requested_via, created_at, ended_at, findings, rto_seconds,
           rpo_seconds, rto_target_seconds, rpo_target_seconds, facts)
         SELECT $1, id, $2, 'schedule', $3, $3, $4, $5, $6, $7, $8, '{"criticalTables": [{"name": "public.patients", "rows": 4000}]}' FROM backups
         WHERE source = $9 AND status = 'completed' AND started_at < $3 ORDER BY started_at DESC LIMIT 1`,
        [
          randomUUID(),
          passes ? 'passed' : 'failed',
          this.at(ago, 3),
          JSON.stringify(passes ? [] : findings),
          rto,
          3_600,
          SETTINGS.rtoTargetSeconds,
          SETTINGS.rpoTargetSeconds,
          source,
        ],
      );
    }
  }

  async operations(): Promise<void> {
    await this.#schedules();
    await this.#cleanup();
    await this.#alerts();
    for (let ago = 29; ago >= 0; ago -= 1) {
      await this.pool.query(
        `INSERT INTO storage_samples (source, at, free_bytes, total_bytes, backup_bytes) VALUES ('main', $1, $2, $3, $4)`,
        [this.at(ago, 5.5), 2_000 * GB - (29 - ago) * 5 * GB, 4_000 * GB, (200 - ago * 4) * GB],
      );
    }
    await this.pool.query(
      `UPDATE backups SET legal_hold = true, legal_hold_reason = 'Case 2026-17' WHERE source = 'main' AND status = 'completed' AND ended_at < $1`,
      [this.at(28, 3)],
    );
    await this.pool.query(
      `INSERT INTO storage_findings (id, source, kind, name, first_seen_at) VALUES ($1, 'lab', 'unknown-file', 'dump <of> "friday".sql', $2)`,
      [randomUUID(), this.at(1, 5)],
    );
    await this.pool.query(`UPDATE backups SET status = 'missing' WHERE source = 'lab' AND started_at = $1`, [
      this.at(20, 2),
    ]);
    await this.pool.query(
      `INSERT INTO users (id, username, password_hash, role, disabled) VALUES
         (gen_random_uuid(), 'admin', 'x', 'admin', false), (gen_random_uuid(), 'ada', 'x', 'auditor', false),
         (gen_random_uuid(), 'otto', 'x', 'operator', false), (gen_random_uuid(), 'gone', 'x', 'viewer', true)`,
    );
  }

  async #schedules(): Promise<void> {
    const crons = { full: '0 2 * * *', incremental: '0 */6 * * *', test: '0 4 * * *', verify: '0 3 * * 0' };
    for (const source of SETTINGS.sourceNames) {
      for (const [name, cron] of Object.entries(crons)) {
        await this.pool.query(
          'INSERT INTO schedules (source, name, env_cron, paused) VALUES ($1, $2, $3, $4)',
          [source, name, cron, source === 'lab' && name === 'verify'],
        );
      }
    }
    await this.pool.query(
      `INSERT INTO schedules (source, name, env_cron, cron, overridden) VALUES
         ('*', 'cleanup', '0 5 * * *', NULL, false), ('*', 'report', '0 6 * * *', '30 6 * * *', true)`,
    );
  }

  /** One backup of `main` that outlived its ninety days, removed this morning. */
  async #cleanup(): Promise<void> {
    const [backup, run] = [randomUUID(), randomUUID()];
    const name = 'full_backup_20260101_020000.pgdump.enc.gz';
    await this.pool.query(
      `INSERT INTO backups (id, source, type, requested_type, status, requested_via, created_at, started_at, ended_at,
         file_name, size_bytes, disposed_at, disposed_reason)
       VALUES ($1, 'main', 'full', 'full', 'missing', 'schedule', $2, $2, $2, $3, $4, $5, 'older than 90 days')`,
      [backup, this.at(91, 2), name, 4 * GB, this.at(0, 5)],
    );
    const decisions = [
      {
        source: 'main',
        action: 'keep',
        reason: '3 days old; full backups are kept for 90 days',
        fileName: 'a',
        sizeBytes: 1,
      },
      {
        source: 'lab',
        action: 'keep',
        reason: '4 days old; full backups are kept for 90 days',
        fileName: 'b',
        sizeBytes: 1,
      },
      { source: 'main', action: 'keep', reason: 'legal hold', fileName: 'c', sizeBytes: 1 },
      {
        source: 'main',
        action: 'remove',
        reason: 'older than 90 days',
        fileName: name,
        sizeBytes: 4 * GB,
        outcome: 'removed',
      },
    ];
    await this.pool.query(
      `INSERT INTO cleanup_runs (id, status, dry_run, decisions, requested_via, ended_at)
       VALUES ($1, 'completed', false, $2, 'schedule', $3), (gen_random_uuid(), 'completed', true, '[]', 'cli', $4)`,
      [run, JSON.stringify(decisions), this.at(0, 5), this.at(0, 5.5)],
    );
    await this.pool.query(
      `INSERT INTO disposals (id, backup_id, cleanup_run_id, source, type, file_name, size_bytes, checksum, reason, disposed_at, files_removed_at)
       VALUES ($1, $2, $3, 'main', 'full', $4, $5, $6, 'older than 90 days', $7, $7)`,
      [randomUUID(), backup, run, name, 4 * GB, 'ab'.repeat(32), this.at(0, 5)],
    );
  }

  async #alerts(): Promise<void> {
    await this.pool.query(
      `INSERT INTO alerts (id, rule, severity, source, message, raised_at, resolved_at) VALUES
         (gen_random_uuid(), 'backup-failed', 'critical', 'billing', 'The backup of billing failed: DISK_FULL.', $1, NULL),
         (gen_random_uuid(), 'disk-low', 'warning', NULL, 'The backup directory will be full in 12 days.', $2, NULL),
         (gen_random_uuid(), 'schedule-late', 'warning', 'main', 'A run began 20 min late.', $3, $4)`,
      [this.at(0, 2.1), this.at(3, 5), this.at(1, 3), this.at(0, 4)],
    );
  }
}
