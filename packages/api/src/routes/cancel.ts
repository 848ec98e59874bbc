import type { Backup } from '@safekeep/shared/contracts/backup';
import { cancelBackup } from '@safekeep/shared/history/cancel-backup';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Cancels a backup that waits, or asks the worker that takes it to stop. */
export async function requestCancel(
  { pool }: Services,
  { input, audit }: Call<{ params: { id: string } }>,
): Promise<Answer<Backup>> {
  return { body: await cancelBackup(pool, { backupId: input.params.id, actor: audit.actor }) };
}
