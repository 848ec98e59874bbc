import type pg from 'pg';
import { fail, type SafekeepError } from '../errors.js';
import { type Database, inTransaction } from './database.js';
import { endRun, type Run } from './runs.js';

/** How many tables of a backup history counts; one that shrinks among more than these is not noticed. */
const LARGEST_TABLES = 500;

/** What a finished backup adds to its row. */
export interface BackupResult {
  readonly fileName: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly sizeBytes: number;
  readonly archiveBytes: number;
  readonly checksum: string;
  readonly keyId: string;
  readonly compression: string;
  readonly postgresVersion: string;
  readonly pgDumpVersion: string;
  readonly tableCount: number;
  readonly rowCount: number;
  readonly largeObjectCount: number;
  /** Of an incremental: how many tables differ from the base, and how many rows its archive holds of them. */
  readonly changed: { readonly tables: number; readonly rows: number } | null;
  readonly sequence: number;
  /** The tables with the most rows; history keeps the first 500. */
  readonly largestTables: readonly { readonly name: string; readonly rows: number }[];
  readonly hmac: string;
}

/**
 * Completes the backup under the run's token. In the same transaction `write` adds what belongs to that end.
 * @throws SafekeepError RUN_FENCED when the token holds no more, or when the backup was ended in another way.
 */
export async function completeBackup(
  pool: pg.Pool,
  run: Run,
  backupId: string,
  result: BackupResult,
  write: (db: Database) => Promise<void> = async () => {},
): Promise<void> {
  await inTransaction(pool, async (db) => {
    if (!(await endRun(db, run, 'completed', null))) return;
    if (!(await writeResult(db, backupId, result))) throw fail('RUN_FENCED');
    await write(db);
  });
}

/**
 * Makes a backup that was asked for as an incremental a full one, that builds on nothing.
 * @throws SafekeepError RUN_FENCED
 */
export async function promoteBackup(db: Database, run: Run, backupId: string, reason: string): Promise<void> {
  const { rowCount } = await db.query(
    `UPDATE backups SET type = 'full', promoted_reason = $2, base_id = NULL WHERE id = $1
       AND EXISTS (SELECT FROM runs WHERE id = $3 AND token = $4 AND state = 'running')`,
    [backupId, reason, run.id, run.token],
  );
  if (rowCount !== 1) throw fail('RUN_FENCED');
}

/** Ends the run and, with it, the backup. In the same transaction `write` adds what belongs to that end. */
export async function failBackup(
  pool: pg.Pool,
  run: Run,
  backupId: string,
  error: SafekeepError,
  write: (db: Database) => Promise<void> = async () => {},
): Promise<void> {
  await inTransaction(pool, async (db) => {
    if (!(await endRun(db, run, 'failed', error.code))) return;
    await endInFailure(db, backupId, 'failed', error);
    await write(db);
  });
}

/** Ends the run and the backup that somebody asked to be cancelled. In the same transaction `write` adds what belongs to that end. */
export async function endCancelled(
  pool: pg.Pool,
  run: Run,
  backupId: string,
  write: (db: Database) => Promise<void>,
): Promise<void> {
  const error = fail('BACKUP_CANCELLED');
  await inTransaction(pool, async (db) => {
    if (!(await endRun(db, run, 'cancelled', error.code))) return;
    await endInFailure(db, backupId, 'cancelled', error);
    await write(db);
  });
}

/** Ends the run; the backup waits for its next attempt and shows why this one ended. */
export async function requeueBackup(
  pool: pg.Pool,
  run: Run,
  backupId: string,
  state: 'failed' | 'interrupted',
  error: SafekeepError,
): Promise<void> {
  await inTransaction(pool, async (db) => {
    if (!(await endRun(db, run, state, error.code))) return;
    await db.query(
      `UPDATE backups SET status = 'queued', error_code = $2, error_message = $3, error_hint = $4
       WHERE id = $1 AND status = 'running'`,
      [backupId, error.code, error.message, error.hint],
    );
  });
}

async function endInFailure(
  db: Database,
  backupId: string,
  status: 'failed' | 'cancelled',
  error: SafekeepError,
): Promise<void> {
  await db.query(
    `UPDATE backups SET status = $5, ended_at = now(), error_code = $2, error_message = $3, error_hint = $4
     WHERE id = $1`,
    [backupId, error.code, error.message, error.hint, status],
  );
}

/** Held by whoever gives a backup its number, until its transaction ends. Any fixed number. */
export const NUMBERING_LOCK = 7305011;

/**
 * Writes what is known of a finished backup. Without a run it completes a backup whose run died after it had
 * published: the sidecar tells what the run could not. A number that an emergency backup took meanwhile is not given twice:
 * the backup is there and gets none. Needs a transaction.
 *
 * @returns whether the backup is completed with this result; one that ended in another way stays as it is.
 */
export async function writeResult(db: Database, backupId: string, result: BackupResult): Promise<boolean> {
  await db.query('SELECT pg_advisory_xact_lock($1)', [NUMBERING_LOCK]);
  const { rowCount } = await db.query(
    `UPDATE backups b SET status = 'completed', started_at = $2, ended_at = $3, file_name = $4, size_bytes = $5,
       archive_bytes = $6, checksum = $7, key_id = $8, compression = $9, postgres_version = $10, pg_dump_version = $11,
       table_count = $12, row_count = $13, large_object_count = $14, hmac = $16,
       sequence = CASE WHEN NOT EXISTS (SELECT FROM backups o
         WHERE o.source = b.source AND o.sequence = $15 AND o.id <> b.id) THEN $15::bigint END,
       largest_tables = $17, changed_tables = $18, changed_rows = $19,
       error_code = NULL, error_message = NULL, error_hint = NULL
     WHERE id = $1 AND (status IN ('queued', 'running') OR (status = 'completed' AND hmac = $16))`,
    [
      backupId,
      result.startedAt,
      result.endedAt,
      result.fileName,
      result.sizeBytes,
      result.archiveBytes,
      result.checksum,
      result.keyId,
      result.compression,
      result.postgresVersion,
      result.pgDumpVersion,
      result.tableCount,
      result.rowCount,
      result.largeObjectCount,
      result.sequence,
      result.hmac,
      JSON.stringify(result.largestTables.slice(0, LARGEST_TABLES)),
      result.changed?.tables ?? null,
      result.changed?.rows ?? null,
    ],
  );
  return rowCount === 1;
}
