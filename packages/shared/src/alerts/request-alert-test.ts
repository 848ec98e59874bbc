import { randomUUID } from 'node:crypto';
import { type Actor, appendAudit } from '../audit/audit.js';
import type { Notification } from '../contracts/notification.js';
import { fail, SafekeepError } from '../errors.js';
import { insertNotification } from '../history/notifications.js';
import { type Channels, configuredChannels } from '../notify/channels.js';
import { enqueueRow, type JobQueueing } from '../queues/accept-job.js';

/**
 * Accepts a test message to every configured channel.
 * @throws SafekeepError NOTIFY_NOT_CONFIGURED, QUEUE_UNAVAILABLE
 */
export async function requestAlertTest(
  queueing: JobQueueing & { readonly channels: Channels },
  actor: Actor,
): Promise<Notification[]> {
  const channels = configuredChannels(queueing.channels);
  const audit = (result: 'ok' | 'refused' | 'failed', detail: Record<string, string>) =>
    appendAudit(queueing.pool, { actor, action: 'notify.test', target: null, result, detail });
  try {
    if (channels.length === 0) throw fail('NOTIFY_NOT_CONFIGURED');
    const accepted: Notification[] = [];
    for (const channel of channels) {
      const row = { id: randomUUID(), alertId: null, channel, subject: null, severity: null };
      const notification = await insertNotification(queueing.pool, { ...row, event: 'test' });
      await enqueueRow(queueing, 'notifications', notification.id);
      accepted.push(notification);
    }
    await audit('ok', { channels: channels.join(',') });
    return accepted;
  } catch (error) {
    if (error instanceof SafekeepError) {
      await audit(error.httpStatus < 500 ? 'refused' : 'failed', { code: error.code });
    }
    throw error;
  }
}
