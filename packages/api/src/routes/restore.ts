import type { Restore, RestoreRequestBody } from '@safekeep/shared/contracts/restore';
import { fail } from '@safekeep/shared/errors';
import { findRestore, listRestores } from '@safekeep/shared/history/restores';
import { requestRestore as acceptRestore } from '@safekeep/shared/queues/request-restore';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Accepts the restore of one backup into a database. */
export async function requestRestore(
  services: Services,
  { input, audit }: Call<{ body: RestoreRequestBody }>,
): Promise<Answer<Restore>> {
  return { body: await acceptRestore(services, { ...input.body, via: 'api', actor: audit.actor }) };
}

/** The restores, newest first. */
export async function readRestores(
  { pool }: Services,
  { input }: Call<{ query: { limit: number } }>,
): Promise<Answer<Restore[]>> {
  return { body: await listRestores(pool, input.query.limit) };
}

/** One restore, to watch its progress and read what it found. */
export async function readRestore(
  { pool }: Services,
  { input, audit }: Call<{ params: { id: string } }>,
): Promise<Answer<Restore>> {
  const { id } = input.params;
  audit.target = id;
  const body = await findRestore(pool, id);
  if (body === null) throw fail('RESTORE_UNKNOWN', { id });
  return { body };
}
