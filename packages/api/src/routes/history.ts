import type { Backup, HistoryQuery } from '@safekeep/shared/contracts/backup';
import { listBackups } from '@safekeep/shared/history/backups';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Backups, newest first; X-Total-Count says how many there are beyond this page. */
export async function readHistory(
  services: Services,
  { input, audit }: Call<{ query: HistoryQuery }>,
): Promise<Answer<Backup[]>> {
  const { limit, offset, type = null, status = null, source = null } = input.query;
  audit.detail = { limit, offset, type, status, source };
  const { backups, total } = await listBackups(services.pool, input.query);
  return { body: backups, headers: { 'X-Total-Count': String(total) } };
}
