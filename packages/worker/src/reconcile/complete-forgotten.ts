import type { Secret } from '@safekeep/shared/config/secret';
import { adoptBackup, listNamedFiles } from '@safekeep/shared/history/adoption';
import type { Logger } from '@safekeep/shared/logger';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import type pg from 'pg';
import { WORKER } from '../actor.js';
import { foundIn } from '../catalog/adopt-found.js';
import { readCatalog } from '../catalog/read-catalog.js';

interface Forgotten {
  readonly pool: pg.Pool;
  readonly logger: Logger;
  readonly storage: BackupStorage;
  readonly source: string;
  readonly encryptionKey: Secret;
}

/**
 * A history that was set back to an older copy shows a backup as waiting that has been published since, by a run that this
 * history does not know. Its sidecar stands under a name that this history never gave; it completes the backup, which would be
 * taken a second time otherwise.
 *
 * Only the run that holds the source's claim may call this.
 */
export async function completeForgotten(deps: Forgotten, backupId: string): Promise<boolean> {
  const { pool, storage, source, encryptionKey, logger } = deps;
  const named = await listNamedFiles(pool, source);
  for await (const entry of readCatalog(storage, source, encryptionKey, (data) => !named.has(data))) {
    if (entry.kind !== 'authentic' || entry.file !== 'present' || entry.sidecar.id !== backupId) continue;
    const adoption = await adoptBackup(pool, foundIn(entry), WORKER, { waitingToo: true });
    if (adoption === 'known') return false;
    logger.warn('completed a backup that history had forgotten', {
      backupId,
      file: entry.sidecar.fileName,
    });
    return true;
  }
  return false;
}
