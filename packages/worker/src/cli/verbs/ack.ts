import { acknowledgeAlert } from '@safekeep/shared/alerts/acknowledge-alert';
import { alertId } from '@safekeep/shared/contracts/alert';
import { fail } from '@safekeep/shared/errors';
import { print } from '../print.js';
import type { CliSession } from '../session.js';

/** `backup.sh ack ID`: notes that somebody has seen an alert. */
export async function ackVerb(session: CliSession, id: string): Promise<number> {
  if (!alertId.safeParse({ id }).success) {
    throw fail('REQUEST_INVALID', { problems: `"${id}" is not the id of an alert, which is a UUID` });
  }
  const alert = await acknowledgeAlert(session.pool, id, session.actor);
  const end = alert.resolvedAt === null ? 'it stays open until its cause is gone' : 'it is over already';
  print(session.options, alert, () => `acknowledged: ${alert.rule}; ${end}`);
  return 0;
}
