import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Backup } from '../../src/contracts/backup.js';
import { type Claim, claimBackup } from '../../src/history/backup-claims.js';
import type { BackupResult } from '../../src/history/backup-outcomes.js';
import { findBackup, insertBackup, type NewBackup } from '../../src/history/backups.js';
import type { Run } from '../../src/history/runs.js';

/** Queues a backup; its id. */
export async function queueBackup(pool: pg.Pool, more: Partial<NewBackup> = {}): Promise<string> {
  const id = randomUUID();
  await insertBackup(pool, {
    id,
    source: 'main',
    type: 'full',
    requestedVia: 'cli',
    requestedBy: null,
    idempotencyKey: null,
    ...more,
  });
  return id;
}

export function claim(pool: pg.Pool, backupId: string, source = 'main'): Promise<Claim> {
  return claimBackup(pool, { backupId, source, worker: `host:${process.pid}` });
}

/** Claims a backup that nobody else holds. */
export async function start(pool: pg.Pool, backupId: string, source = 'main'): Promise<Run> {
  const claimed = await claim(pool, backupId, source);
  if (claimed.kind !== 'started') throw new Error(`the backup was not started: ${JSON.stringify(claimed)}`);
  return claimed.run;
}

export async function readBackup(pool: pg.Pool, id: string): Promise<Backup> {
  const backup = await findBackup(pool, id);
  if (backup === null) throw new Error(`there is no backup ${id}`);
  return backup;
}

/** As if the run's worker had been silent for longer than the lease. */
export async function letLeasePass(pool: pg.Pool, run: Run): Promise<void> {
  await pool.query(`UPDATE runs SET lease_until = now() - interval '1 second' WHERE id = $1`, [run.id]);
}

export function aResult(sequence = 1): BackupResult {
  return {
    fileName: 'full_backup_20240101_020000.pgdump.enc.gz',
    startedAt: new Date('2024-01-01T02:00:00.123Z'),
    endedAt: new Date('2024-01-01T02:03:04.567Z'),
    sizeBytes: 5_000_000_000,
    archiveBytes: 4_999_999_999,
    checksum: randomBytes(32).toString('hex'),
    keyId: '0123456789abcdef',
    compression: 'gzip:9',
    postgresVersion: '15.18',
    pgDumpVersion: '15.18',
    tableCount: 12,
    rowCount: 9_007_199_254_740_991,
    largeObjectCount: 0,
    changed: null,
    largestTables: [],
    sequence,
    hmac: randomBytes(32).toString('hex'),
  };
}
