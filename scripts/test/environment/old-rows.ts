import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from './world.js';

const HOUR = 3_600_000;

/** A row of a completed backup of some age in hours, with a file of that name where a folder is given; its id. */
async function addBackup(
  pool: Pool,
  backup: { source: string; type?: string; baseId?: string; hours: number },
  folder?: string,
): Promise<string> {
  const id = randomUUID();
  const [time, type] = [new Date(Date.now() - backup.hours * HOUR), backup.type ?? 'full'];
  const digits = time.toISOString().replace(/\D/g, '');
  const fileName = `${type}_backup_${digits.slice(0, 8)}_${digits.slice(8, 14)}.pgdump.enc.gz`;
  if (folder !== undefined) {
    for (const name of [fileName, `${fileName}.meta`]) writeFileSync(join(folder, name), 'old');
  }
  await pool.query(
    `INSERT INTO backups (id, source, type, requested_type, status, base_id, requested_via, created_at, started_at,
       ended_at, file_name, size_bytes, checksum, hmac)
     VALUES ($1, $2, $3, $3, 'completed', $4, 'cli', $5, $5, $5, $6, 3, 'checksum', 'hmac')`,
    [id, backup.source, type, backup.baseId ?? null, time, fileName],
  );
  return id;
}

/** Backups of `main` that are days old, by what the options of retention say of them. */
export interface OldBackups {
  /** The third newest full backup, 61 days old. */
  readonly full: string;
  readonly incremental: string;
}

export async function addOldBackups(pool: Pool, folder: string): Promise<OldBackups> {
  const full = (days: number) => addBackup(pool, { source: 'main', hours: days * 24 }, folder);
  const [base, third] = [await full(60), await full(61)];
  for (const days of [62, 150, 151, 152]) await full(days);
  const incremental = { source: 'main', type: 'incremental', baseId: base, hours: 20 * 24 };
  return { full: third, incremental: await addBackup(pool, incremental, folder) };
}

/** The source `lab` was last backed up two hours ago, whatever other options did, and it took as long to restore that. */
export async function addSlowRestore(pool: Pool): Promise<void> {
  await pool.query(
    `UPDATE backups SET created_at = created_at - interval '3 hours', started_at = started_at - interval '3 hours',
       ended_at = ended_at - interval '3 hours' WHERE source = 'lab'`,
  );
  const id = await addBackup(pool, { source: 'lab', hours: 2 });
  await pool.query(
    `INSERT INTO recovery_tests (id, backup_id, status, rto_seconds, requested_via, started_at, ended_at)
     VALUES ($1, $2, 'passed', 7200, 'cli', now(), now())`,
    [randomUUID(), id],
  );
}

/** A backup of the source `lab` that fails now, so that an alert tells. */
export async function addFailure(pool: Pool): Promise<void> {
  await pool.query(
    `INSERT INTO backups (id, source, type, requested_type, status, requested_via, started_at, ended_at, error_code,
       error_message, error_hint)
     VALUES ($1, 'lab', 'full', 'full', 'failed', 'cli', now(), now(), 'DUMP_FAILED', 'message', 'hint')`,
    [randomUUID()],
  );
}
