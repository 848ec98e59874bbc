import { z } from 'zod';
import { timestamp } from './backup.js';

export const channel = z.enum(['smtp', 'webhook', 'slack', 'heartbeat']);

export type Channel = z.infer<typeof channel>;

/** One message to one channel. */
export const notification = z.object({
  id: z.uuid(),
  alertId: z.uuid().nullable(),
  channel,
  event: z.enum(['raised', 'resolved', 'success', 'test', 'heartbeat']),
  status: z.enum(['queued', 'running', 'sent', 'failed']),
  attempts: z.int(),
  errorCode: z.string().nullable(),
  reason: z.string().nullable().describe('Why the last attempt failed, in a sentence without addresses.'),
  createdAt: timestamp,
  endedAt: timestamp.nullable(),
});

export type Notification = z.infer<typeof notification>;
export type NotificationEvent = Notification['event'];
