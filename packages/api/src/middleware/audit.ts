import { appendAudit } from '@safekeep/shared/audit/audit';
import type { SafekeepError } from '@safekeep/shared/errors';
import { describeError } from '@safekeep/shared/logger';
import type { AuditDraft } from '../route.js';
import type { Services } from '../services.js';
import { networkOf } from '../throttle/network.js';

/** Writes the event of a request that succeeded. It throws where that fails: nothing is read without a trace. */
export async function auditSuccess(services: Services, action: string, draft: AuditDraft): Promise<void> {
  await appendAudit(services.pool, { ...draft, action, result: 'ok' });
}

/**
 * Writes the event of a request that was refused or failed. Where that fails too the answer stays what it was, for
 * nothing was read or changed; the log tells.
 */
export async function auditFailure(
  services: Services,
  action: string,
  draft: AuditDraft,
  error: SafekeepError,
): Promise<void> {
  try {
    const flood = await floodState(services, draft, error);
    if (flood === 'going on') return;
    const result = error.httpStatus < 500 ? 'refused' : 'failed';
    const detail = { ...draft.detail, code: error.code, ...(flood === 'begins' && { furtherLeftOut: true }) };
    await appendAudit(services.pool, { ...draft, action, result, detail });
  } catch (reason) {
    services.logger.error('audit event lost', { action, code: error.code, error: describeError(reason) });
  }
}

/** Whether this refusal is one of too many of its kind from one address without an account. */
async function floodState(
  services: Services,
  draft: AuditDraft,
  error: SafekeepError,
): Promise<'none' | 'begins' | 'going on'> {
  if (draft.actor.id !== null) return 'none';
  const subject = `${error.code} ${networkOf(draft.actor.address ?? '')}`;
  const count = await services.refusals.tryAdd(subject);
  if (count === null || !count.exceeded) return 'none';
  return count.justExceeded ? 'begins' : 'going on';
}
