import type { Secret } from '@safekeep/shared/config/secret';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { findBackup, findSidecarHmac } from '@safekeep/shared/history/backups';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import type pg from 'pg';
import type { StoredChain } from './checked-chain.js';

interface Place {
  readonly pool: pg.Pool;
  readonly encryptionKey: Secret;
  /** Where the backup files of a source live. */
  readonly storageOf: (source: string) => BackupStorage;
}

/** A backup as history knows it, with where its files are. */
export async function findStoredChain(place: Place, backup: Backup): Promise<StoredChain> {
  const { pool, encryptionKey, storageOf } = place;
  const base = backup.baseId === null ? null : await findBackup(pool, backup.baseId);
  return {
    backup,
    recordedHmac: await findSidecarHmac(pool, backup.id),
    baseDisposedAt: base?.disposedAt ?? null,
    storage: storageOf(backup.source),
    encryptionKey,
  };
}
