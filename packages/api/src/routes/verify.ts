import type { Verification } from '@safekeep/shared/contracts/verification';
import { requestVerification } from '@safekeep/shared/queues/request-verification';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Accepts the verification of one stored backup. */
export async function requestVerify(
  services: Services,
  { input, audit }: Call<{ params: { id: string }; body: { verifiedBy?: string | undefined } }>,
): Promise<Answer<Verification>> {
  const body = await requestVerification(services, {
    backupId: input.params.id,
    via: 'api',
    actor: audit.actor,
    note: input.body.verifiedBy ?? null,
  });
  return { body };
}
