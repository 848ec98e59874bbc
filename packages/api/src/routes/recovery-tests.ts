import type { RecoveryTest, RecoveryTestsQuery } from '@safekeep/shared/contracts/recovery-test';
import { listNewestRecoveryTests } from '@safekeep/shared/history/recovery-tests';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Recovery tests, newest first; X-Total-Count says how many there are beyond this page. */
export async function readRecoveryTests(
  services: Services,
  { input, audit }: Call<{ query: RecoveryTestsQuery }>,
): Promise<Answer<RecoveryTest[]>> {
  const { limit, offset } = input.query;
  audit.detail = { limit, offset };
  const { tests, total } = await listNewestRecoveryTests(services.pool, input.query);
  return { body: tests, headers: { 'X-Total-Count': String(total) } };
}
