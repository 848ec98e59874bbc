import type { CleanupRequest, CleanupRun } from '@safekeep/shared/contracts/cleanup';
import { listCleanupRuns } from '@safekeep/shared/history/cleanup-runs';
import { requestCleanup } from '@safekeep/shared/queues/request-cleanup';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Accepts a cleanup, or its dry run. */
export async function startCleanup(
  services: Services,
  { input, audit }: Call<{ body: CleanupRequest }>,
): Promise<Answer<CleanupRun>> {
  const { dryRun, source = null } = input.body;
  return { body: await requestCleanup(services, { dryRun, source, via: 'api', actor: audit.actor }) };
}

/** The newest cleanups with all they decided. */
export async function readCleanups(
  { pool }: Services,
  { input, audit }: Call<{ query: { limit: number } }>,
): Promise<Answer<CleanupRun[]>> {
  audit.detail = { limit: input.query.limit };
  return { body: await listCleanupRuns(pool, input.query.limit) };
}
