import { randomUUID } from 'node:crypto';
import { type Actor, appendAudit } from '../audit/audit.js';
import type { Notification } from '../contracts/notification.js';
import { fail, SafekeepError } from '../errors.js';
import { inTransaction } from '../history/database.js';
import { insertNotification } from '../history/notifications.js';
import { type Channels, configuredChannels } from '../notify/channels.js';
import { enqueueRow, type JobQueueing } from '../queues/accept-job.js';

/**
 * Accepts a test message to every configured channel.
 * @throws SafekeepError NOTIFY_NOT_CONFIGURED, QUEUE_UNAVAILABLE, QUEUE_FULL
 */
export async function requestAlertTest(
  queueing: JobQueueing & { readonly channels: Channels },
  actor: Actor,
): Promise<Notification[]> {
  const channels = configuredChannels(queueing.channels);
  const event = { actor, action: 'notify.test', target: null };
  if (channels.length === 0) {
    const reason = fail('NOTIFY_NOT_CONFIGURED');
    await appendAudit(queueing.pool, { ...event, result: 'refused', detail: { code: reason.code } });
    throw reason;
  }
  const accepted = await inTransaction(queueing.pool, async (db) => {
    const rows: Notification[] = [];
    for (const channel of channels) {
      const row = { id: randomUUID(), alertId: null, channel, subject: null, severity: null };
      rows.push(await insertNotification(db, { ...row, event: 'test' }));
    }
    await appendAudit(db, { ...event, result: 'ok', detail: { channels: channels.join(',') } });
    return rows;
  });
  const refusals: SafekeepError[] = [];
  for (const { id, channel } of accepted) {
    await enqueueRow(queueing, 'notifications', id, async (db, reason) => {
      const detail = { channel, event: 'test', code: reason.code };
      await appendAudit(db, { actor, action: 'notify.failed', target: id, result: 'failed', detail });
    }).catch((error: unknown) => {
      if (!(error instanceof SafekeepError)) throw error;
      refusals.push(error);
    });
  }
  if (refusals[0] !== undefined) throw refusals[0];
  return accepted;
}
