import type { RetainedBackup } from '../policy/retention.js';
import type { Database } from './database.js';

/** SQL: what the newest row of a kind that came to a verdict about the backup `b` said. */
export const newestVerdict = (table: 'verifications' | 'recovery_tests') => `
  (SELECT t.status FROM ${table} t WHERE t.backup_id = b.id AND t.status IN ('passed', 'failed')
   ORDER BY t.ended_at DESC NULLS LAST, t.created_at DESC LIMIT 1)`;

const waitsOrRuns = (table: string) =>
  `EXISTS (SELECT FROM ${table} t WHERE t.backup_id = b.id AND t.status IN ('queued', 'running'))`;

/** The backups of a source whose files retention answers for, newest first, with all that its decisions depend on. */
export async function listRetained(db: Database, source: string): Promise<RetainedBackup[]> {
  const { rows } = await db.query<RetainedBackup>(
    `SELECT b.id, b.source, b.type, b.status, b.base_id AS "baseId", b.file_name AS "fileName",
       b.size_bytes AS "sizeBytes", b.sequence, coalesce(b.ended_at, b.started_at, b.created_at) AS "endedAt",
       b.adopted_at AS "adoptedAt", b.legal_hold AS "legalHold", b.legal_hold_reason AS "legalHoldReason",
       ${newestVerdict('verifications')} AS verified, ${newestVerdict('recovery_tests')} AS "recoveryTested",
       CASE WHEN ${waitsOrRuns('verifications')} THEN 'a verification'
            WHEN ${waitsOrRuns('recovery_tests')} THEN 'a recovery test'
            WHEN ${waitsOrRuns('restores')} THEN 'a restore'
            WHEN EXISTS (SELECT FROM backups n WHERE n.base_id = b.id AND n.status IN ('queued', 'running'))
            THEN 'an incremental backup' END AS reader
     FROM backups b
     WHERE b.source = $1 AND b.status IN ('completed', 'missing') AND b.disposed_at IS NULL AND b.file_name IS NOT NULL
     ORDER BY "endedAt" DESC, b.sequence DESC NULLS LAST, b.id`,
    [source],
  );
  return rows;
}

/** All sources that have such backups, also those that are not configured any more. */
export async function listRetainedSources(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ source: string }>(
    `SELECT DISTINCT source FROM backups
     WHERE status IN ('completed', 'missing') AND disposed_at IS NULL AND file_name IS NOT NULL ORDER BY source`,
  );
  return rows.map((row) => row.source);
}
