import type { Report } from '@safekeep/shared/contracts/report';
import { requestReport as request } from '@safekeep/shared/queues/request-report';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Accepts a report of one source or of all. */
export async function requestReport(
  services: Services,
  { input, audit }: Call<{ body: { source?: string | undefined } }>,
): Promise<Answer<Report>> {
  const source = input.body.source ?? null;
  return { body: await request(services, { source, via: 'api', actor: audit.actor }) };
}
