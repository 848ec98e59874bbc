import { fail } from '@safekeep/shared/errors';
import type { Request } from 'express';

/**
 * Refuses a change that another site lets a browser ask for. Browsers say so in Sec-Fetch-Site, older ones and plain
 * HTTP only in Origin; a client that sends neither is no browser and holds no cookie of somebody else.
 *
 * @throws SafekeepError FORM_REFUSED
 */
export function requireSameOrigin(request: Request): void {
  const site = request.get('sec-fetch-site');
  if (site !== undefined) {
    if (site !== 'same-origin') throw fail('FORM_REFUSED');
    return;
  }
  const origin = request.get('origin');
  if (origin !== undefined && hostOf(origin) !== request.host) throw fail('FORM_REFUSED');
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
