import type pg from 'pg';
import { type Actor, appendAudit } from '../audit/audit.js';
import type { BackupType } from '../contracts/backup.js';
import { type BackupResult, NUMBERING_LOCK, writeResult } from './backup-outcomes.js';
import { type Database, inTransaction } from './database.js';

/** A backup that its authenticated sidecar tells, and that history does not know. */
export interface FoundBackup {
  readonly id: string;
  readonly source: string;
  readonly type: BackupType;
  readonly baseId: string | null;
  readonly result: BackupResult;
  /** Whether its file is there. */
  readonly present: boolean;
}

export type Adoption = 'adopted' | 'known' | 'base-unknown';

/**
 * Takes a backup into history as its sidecar tells it. Where its number is taken, because history went on without it,
 * it gets none. Safe to repeat and to race.
 */
export async function adoptBackup(pool: pg.Pool, found: FoundBackup, actor: Actor): Promise<Adoption> {
  return inTransaction(pool, async (db) => {
    // One after the other: two would take the same backup in.
    await db.query('SELECT pg_advisory_xact_lock($1)', [NUMBERING_LOCK]);
    if (await exists(db, found.id)) return 'known';
    if (found.baseId !== null && !(await exists(db, found.baseId))) return 'base-unknown';
    const { result } = found;
    await db.query(
      `INSERT INTO backups (id, source, type, requested_type, status, base_id, requested_via, attempts, created_at,
         adopted_at)
       VALUES ($1, $2, $3, $3, 'running', $4, 'cli', 1, $5, now())`,
      [found.id, found.source, found.type, found.baseId, result.startedAt],
    );
    await writeResult(db, found.id, result);
    if (!found.present) await db.query(`UPDATE backups SET status = 'missing' WHERE id = $1`, [found.id]);
    await appendAudit(db, {
      actor,
      action: 'backup.adopted',
      target: found.id,
      result: 'ok',
      detail: { source: found.source, type: found.type, file: result.fileName, present: found.present },
    });
    return 'adopted';
  });
}

async function exists(db: Database, id: string): Promise<boolean> {
  const { rowCount } = await db.query('SELECT FROM backups WHERE id = $1', [id]);
  return (rowCount ?? 0) > 0;
}

/** The names of all backup files of a source that history knows. */
export async function listFileNames(db: Database, source: string): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ name: string }>(
    'SELECT file_name AS name FROM backups WHERE source = $1 AND file_name IS NOT NULL',
    [source],
  );
  return new Set(rows.map((row) => row.name));
}
