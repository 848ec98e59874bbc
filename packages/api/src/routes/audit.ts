import { listAuditEvents } from '@safekeep/shared/audit/audit-trail';
import type { AuditEventRow, AuditQuery } from '@safekeep/shared/contracts/audit';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** The audit trail, newest first; X-Total-Count says how many events match beyond this page. */
export async function readAuditTrail(
  { pool }: Services,
  { input, audit }: Call<{ query: AuditQuery }>,
): Promise<Answer<AuditEventRow[]>> {
  const { since, until, limit, offset, action = null, actor = null, target = null } = input.query;
  audit.detail = {
    limit,
    offset,
    action,
    actor,
    target,
    since: since?.toISOString() ?? null,
    until: until?.toISOString() ?? null,
  };
  const { events, total } = await listAuditEvents(pool, input.query);
  return { body: events, headers: { 'X-Total-Count': String(total) } };
}
