import type { Backup } from '../contracts/backup.js';
import type { BackupDetail } from '../contracts/backup-detail.js';
import type { Database } from './database.js';
import { listRecoveryTests } from './recovery-tests.js';
import { listVerifications } from './verifications.js';

/** A backup with all that was done to prove it. */
export async function withProofs(db: Database, backup: Backup): Promise<BackupDetail> {
  const verifications = await listVerifications(db, backup.id);
  const recoveryTests = await listRecoveryTests(db, backup.id);
  return { ...backup, verifications, recoveryTests };
}
