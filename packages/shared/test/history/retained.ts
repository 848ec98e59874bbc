import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { insertCleanupRun } from '../../src/history/cleanup-runs.js';
import { claimRow } from '../../src/history/job-rows.js';
import type { Run } from '../../src/history/runs.js';

export interface StoredRow {
  readonly id: string;
  readonly fileName: string;
  readonly hmac: string;
}

/** A finished backup of so many days ago, as history would hold it. */
export async function addStored(
  pool: pg.Pool,
  daysOld: number,
  more: Partial<StoredRow> & { source?: string; type?: string; baseId?: string; status?: string } = {},
): Promise<StoredRow> {
  const { source = 'main', type = 'full', baseId = null, status = 'completed' } = more;
  const digits = new Date(Date.now() - daysOld * 86_400_000).toISOString().replace(/\D/g, '').slice(0, 14);
  const fileName = more.fileName ?? `${type}_backup_${digits.slice(0, 8)}_${digits.slice(8)}.pgdump.enc.gz`;
  const row = { id: more.id ?? randomUUID(), fileName, hmac: more.hmac ?? randomBytes(32).toString('hex') };
  await pool.query(
    `INSERT INTO backups (id, source, type, requested_type, status, base_id, requested_via, created_at, started_at, ended_at,
       file_name, size_bytes, checksum, hmac, key_id)
     SELECT $1, $2, $3, $3, $4, $5, 'cli', at, at, at, $7, 1000, 'sum', $8, 'key'
     FROM (SELECT now() - make_interval(secs => $6 * 86400.0)) t (at)`,
    [row.id, source, type, status, baseId, daysOld, fileName, row.hmac],
  );
  return row;
}

/** A verification, recovery test or restore of a backup. */
export async function addCheck(
  db: pg.Pool | pg.ClientBase,
  table: 'verifications' | 'recovery_tests' | 'restores',
  backupId: string,
  status: 'queued' | 'running' | 'passed',
): Promise<string> {
  const id = randomUUID();
  const columns = {
    verifications: ['verdict', status === 'passed' ? 'sound' : null],
    recovery_tests: ['note', null],
    restores: ['target_database', 'restored'],
  }[table];
  await db.query(
    `INSERT INTO ${table} (id, backup_id, status, requested_via, ended_at, ${columns[0]})
     VALUES ($1, $2, $3, 'cli', CASE WHEN $3 = 'passed' THEN now() END, $4)`,
    [id, backupId, status, columns[1]],
  );
  return id;
}

/** A cleanup that a run holds. */
export async function startCleanup(
  pool: pg.Pool,
  { dryRun = false, source = null }: { dryRun?: boolean; source?: string | null } = {},
): Promise<{ id: string; run: Run }> {
  const id = randomUUID();
  await insertCleanupRun(pool, { id, dryRun, source, requestedVia: 'cli', requestedBy: null });
  const claim = await claimRow(pool, 'cleanup_runs', id, 'test');
  if (claim.kind !== 'started') throw new Error('the cleanup was not started');
  return { id, run: claim.run };
}
