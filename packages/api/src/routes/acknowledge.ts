import { acknowledgeAlert } from '@safekeep/shared/alerts/acknowledge-alert';
import type { Alert } from '@safekeep/shared/contracts/alert';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Notes that the token's user has seen an alert. */
export async function acknowledge(
  { pool }: Services,
  { input, audit }: Call<{ params: { id: string } }>,
): Promise<Answer<Alert>> {
  return { body: await acknowledgeAlert(pool, input.params.id, audit.actor) };
}
