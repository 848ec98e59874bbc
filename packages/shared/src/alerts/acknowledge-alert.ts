import type pg from 'pg';
import { type Actor, appendAudit } from '../audit/audit.js';
import type { Alert } from '../contracts/alert.js';
import { fail } from '../errors.js';
import { acknowledge, findAlert } from '../history/alerts.js';
import { inTransaction } from '../history/database.js';

/**
 * Notes that somebody has seen an alert; it stays open until its cause is gone, and is told again only when it becomes
 * graver. Doing it twice changes nothing.
 *
 * @throws SafekeepError ALERT_UNKNOWN
 */
export async function acknowledgeAlert(pool: pg.Pool, id: string, actor: Actor): Promise<Alert> {
  const event = { actor, action: 'alert.acknowledged', target: id } as const;
  const acknowledged = await inTransaction(pool, async (db) => {
    const news = await acknowledge(db, id, actor.id);
    const alert = await findAlert(db, id);
    if (alert === null) return null;
    const detail = { rule: alert.rule, source: alert.source, news };
    await appendAudit(db, { ...event, result: 'ok', detail });
    return alert;
  });
  if (acknowledged !== null) return acknowledged;
  const error = fail('ALERT_UNKNOWN', { id });
  await appendAudit(pool, { ...event, result: 'refused', detail: { code: error.code } });
  throw error;
}
