import type pg from 'pg';
import { type Actor, appendAudit } from '../audit/audit.js';
import type { Alert } from '../contracts/alert.js';
import { fail } from '../errors.js';
import { acknowledge, findAlert } from '../history/alerts.js';

/**
 * Notes that somebody has seen an alert; it stays open until its cause is gone, and is told again only when it becomes
 * graver. Doing it twice changes nothing.
 *
 * @throws SafekeepError ALERT_UNKNOWN
 */
export async function acknowledgeAlert(pool: pg.Pool, id: string, actor: Actor): Promise<Alert> {
  const news = await acknowledge(pool, id, actor.id);
  const alert = await findAlert(pool, id);
  const action = 'alert.acknowledged';
  if (alert === null) {
    const error = fail('ALERT_UNKNOWN', { id });
    await appendAudit(pool, { actor, action, target: id, result: 'refused', detail: { code: error.code } });
    throw error;
  }
  const detail = { rule: alert.rule, source: alert.source, news };
  await appendAudit(pool, { actor, action, target: id, result: 'ok', detail });
  return alert;
}
