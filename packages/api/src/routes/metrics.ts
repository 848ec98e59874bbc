import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '@safekeep/shared/config/secret';
import { fail } from '@safekeep/shared/errors';
import { Metrics } from '../metrics/metrics.js';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** @throws SafekeepError METRICS_TOKEN_WRONG where METRICS_TOKEN is set and is not the bearer token of the request. */
export async function readMetrics(
  { metrics, metricsToken }: Services,
  { input }: Call<{ headers: { authorization?: string | undefined } }>,
): Promise<Answer<string>> {
  if (metricsToken !== undefined && !carries(input.headers.authorization, metricsToken)) {
    throw fail('METRICS_TOKEN_WRONG');
  }
  return { body: await metrics.scrape(), contentType: Metrics.contentType };
}

/** Hashes are of one length, and comparing them takes the same time whatever was sent. */
function carries(authorization: string | undefined, token: Secret): boolean {
  const [, sent = ''] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(sent), hash(token.reveal()));
}
