import type { RecoveryTest, RecoveryTestRequest } from '@safekeep/shared/contracts/recovery-test';
import { requestRecoveryTest } from '@safekeep/shared/queues/request-recovery-test';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Accepts the recovery test of one backup. */
export async function requestTest(
  services: Services,
  { input, audit }: Call<{ body: RecoveryTestRequest }>,
): Promise<Answer<RecoveryTest>> {
  const body = await requestRecoveryTest(services, {
    backupId: input.body.backupId,
    via: 'api',
    actor: audit.actor,
    note: input.body.testedBy ?? null,
  });
  return { body };
}
