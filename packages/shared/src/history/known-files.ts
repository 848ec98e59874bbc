import type { KnownFiles } from '../policy/inventory.js';
import type { Database } from './database.js';

/**
 * The files that history knows in a source's directory. A file that stood there before this was read and is in neither
 * list is nobody's: history names a file before it is made.
 */
export async function findKnownFiles(db: Database, source: string): Promise<KnownFiles> {
  const backups = await db.query<KnownFiles['backups'][number]>(
    `SELECT b.id, b.file_name AS "fileName", CASE WHEN b.disposed_at IS NULL THEN b.status ELSE 'removing' END AS status
     FROM backups b
     WHERE b.source = $1 AND b.file_name IS NOT NULL AND b.status IN ('completed', 'missing')
       AND (b.disposed_at IS NULL
            OR EXISTS (SELECT FROM disposals d WHERE d.backup_id = b.id AND d.files_removed_at IS NULL))`,
    [source],
  );
  const runs = await db.query<{ fileName: string }>(
    `SELECT file_name AS "fileName" FROM runs
     WHERE source = $1 AND queue = 'backup' AND file_name IS NOT NULL
       AND (state = 'running' OR state = 'lost' AND NOT swept)`,
    [source],
  );
  return { backups: backups.rows, runFiles: runs.rows.map((row) => row.fileName) };
}
