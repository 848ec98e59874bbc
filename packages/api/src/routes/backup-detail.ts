import type { BackupDetail } from '@safekeep/shared/contracts/backup-detail';
import { fail } from '@safekeep/shared/errors';
import { withProofs } from '@safekeep/shared/history/backup-detail';
import { findBackup } from '@safekeep/shared/history/backups';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** One backup with all that was done to prove it. */
export async function readBackup(
  { pool }: Services,
  { input, audit }: Call<{ params: { id: string } }>,
): Promise<Answer<BackupDetail>> {
  const { id } = input.params;
  audit.target = id;
  const backup = await findBackup(pool, id);
  if (backup === null) throw fail('BACKUP_UNKNOWN', { id });
  return { body: await withProofs(pool, backup) };
}
