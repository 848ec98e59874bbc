import type { KnownFiles } from '../policy/inventory.js';
import type { Database } from './database.js';

/**
 * The files that history knows in a source's directory. A file that stood there before this was read and is in neither
 * list is nobody's: history names a file before it is made.
 */
export async function findKnownFiles(db: Database, source: string): Promise<KnownFiles> {
  const backups = await db.query<KnownFiles['backups'][number]>(
    `SELECT id, file_name AS "fileName", status FROM backups
     WHERE source = $1 AND file_name IS NOT NULL AND status IN ('completed', 'missing') AND disposed_at IS NULL
     UNION ALL
     SELECT b.id, b.file_name, 'removing' FROM disposals d JOIN backups b ON b.id = d.backup_id
     WHERE d.source = $1 AND d.files_removed_at IS NULL AND b.source = $1 AND b.file_name IS NOT NULL
       AND b.disposed_at IS NOT NULL`,
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
