import { fail } from '@safekeep/shared/errors';
import { findKnownFiles } from '@safekeep/shared/history/known-files';
import { takeInventory } from '@safekeep/shared/policy/inventory';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import type pg from 'pg';

/**
 * A mount point whose volume is not there is an empty directory that can be written to. History tells it from a new one:
 * where it knows backups, one file of them at least is here.
 *
 * @throws SafekeepError BACKUP_DIR_EMPTY
 */
export async function requireKnownDirectory(
  pool: pg.Pool,
  storage: BackupStorage,
  source: string,
): Promise<void> {
  const entries = await storage.list();
  const known = await findKnownFiles(pool, source);
  if (takeInventory(entries, known, new Date()).looksUnmounted) throw fail('BACKUP_DIR_EMPTY', { source });
}
