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
  /** What an incremental builds on, as its sidecar names it. */
  readonly base: FoundBase | null;
  readonly result: BackupResult;
  /** Whether its file is there. */
  readonly present: boolean;
}

interface FoundBase {
  readonly id: string;
  readonly type: BackupType;
  readonly fileName: string;
  readonly startedAt: Date;
  readonly hmac: string;
}

/** `adopted-without-base`: it is in history, and restores nothing before its base is there. */
export type Adoption = 'adopted' | 'adopted-without-base' | 'known';

/**
 * Takes a backup into history as its sidecar tells it. Where its number is taken, because history went on without it,
 * it gets none. Of a base that history does not know it takes in what the incremental's sidecar vouches for, as `missing`;
 * the base's own sidecar completes that when it turns up. Safe to repeat and to race.
 *
 * @param waitingToo whether it may complete a row that waits or runs; only for the run that holds the source's claim
 */
export async function adoptBackup(
  pool: pg.Pool,
  found: FoundBackup,
  actor: Actor,
  { waitingToo = false }: { readonly waitingToo?: boolean } = {},
): Promise<Adoption> {
  return inTransaction(pool, async (db) => {
    // One after the other: two would take the same backup in.
    await db.query('SELECT pg_advisory_xact_lock($1)', [NUMBERING_LOCK]);
    const { id, source, type, base, result, present } = found;
    if (base !== null) await nameBase(db, source, base);
    const { rowCount } = await db.query(
      `INSERT INTO backups AS b (id, source, type, requested_type, status, base_id, requested_via, attempts, created_at,
         adopted_at)
       VALUES ($1, $2, $3, $3, 'running', $4, 'cli', 1, $5, now())
       ON CONFLICT (id) DO UPDATE SET status = 'running', type = EXCLUDED.type, base_id = EXCLUDED.base_id
         WHERE ${NAMED_ONLY} OR ($6 AND b.status IN ('queued', 'running'))`,
      [id, source, type, base?.id ?? null, result.startedAt, waitingToo],
    );
    if (rowCount === 0) return 'known';
    await writeResult(db, id, result);
    if (!present) await db.query(`UPDATE backups SET status = 'missing' WHERE id = $1`, [id]);
    await appendAudit(db, {
      actor,
      action: 'backup.adopted',
      target: id,
      result: 'ok',
      detail: { source, type, file: result.fileName, present },
    });
    return base === null || (await isThere(db, base.id)) ? 'adopted' : 'adopted-without-base';
  });
}

/** A backup of which history knows no more than what an incremental says of its base. */
const NAMED_ONLY = `b.status = 'missing' AND b.checksum IS NULL`;

async function nameBase(db: Database, source: string, base: FoundBase): Promise<void> {
  await db.query(
    `INSERT INTO backups (id, source, type, requested_type, status, requested_via, attempts, created_at, started_at,
       file_name, hmac, adopted_at)
     VALUES ($1, $2, $3, $3, 'missing', 'cli', 1, $4, $4, $5, $6, now()) ON CONFLICT (id) DO NOTHING`,
    [base.id, source, base.type, base.startedAt, base.fileName, base.hmac],
  );
}

async function isThere(db: Database, id: string): Promise<boolean> {
  const { rowCount } = await db.query(`SELECT FROM backups WHERE id = $1 AND status = 'completed'`, [id]);
  return rowCount === 1;
}

/** The names of all backup files of a source that this history has given or seen. */
export async function listNamedFiles(db: Database, source: string): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT file_name AS name FROM backups WHERE source = $1 AND file_name IS NOT NULL
     UNION SELECT file_name FROM runs WHERE source = $1 AND file_name IS NOT NULL`,
    [source],
  );
  return new Set(rows.map((row) => row.name));
}

/** The names of all backup files of a source whose sidecars history has seen. */
export async function listFileNames(db: Database, source: string): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT file_name AS name FROM backups b
     WHERE source = $1 AND file_name IS NOT NULL AND NOT (${NAMED_ONLY})`,
    [source],
  );
  return new Set(rows.map((row) => row.name));
}
