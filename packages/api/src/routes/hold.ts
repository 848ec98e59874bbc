import type { Backup } from '@safekeep/shared/contracts/backup';
import type { HoldRequest } from '@safekeep/shared/contracts/cleanup';
import { setHold } from '@safekeep/shared/history/legal-holds';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Puts a backup under legal hold, or takes the hold away. */
export async function holdBackup(
  { pool }: Services,
  { input, audit }: Call<{ params: { id: string }; body: HoldRequest }>,
): Promise<Answer<Backup>> {
  const { hold, reason } = input.body;
  return { body: await setHold(pool, { backupId: input.params.id, hold, reason, actor: audit.actor }) };
}
