import { z } from 'zod';
import { sourceName } from '../config/sources.js';
import { timestamp } from './backup.js';
import { wholeNumber } from './whole-number.js';

export const alertRule = z.enum([
  'backup-failed',
  'backup-overdue',
  'schedule-late',
  'verification-failed',
  'recovery-test-failed',
  'recovery-test-overdue',
  'disk-low',
  'size-anomaly',
  'key-unknown',
  'job-stalled',
  'worker-absent',
  'unknown-files',
  'missing-files',
  'notification-failed',
]);

export type AlertRule = z.infer<typeof alertRule>;

/** `info` is only shown; `warning` and `critical` are sent to every channel. */
export const severity = z.enum(['info', 'warning', 'critical']);

export type Severity = z.infer<typeof severity>;

/** Something that a person should know of. It resolves by itself when its cause is gone. */
export const alert = z.object({
  id: z.uuid(),
  rule: alertRule,
  severity,
  source: z.string().nullable().describe('The source it is about; `null` when it is about the installation.'),
  subject: z
    .string()
    .describe('What it is about beside the source, such as the id of a backup; often empty.'),
  message: z.string().describe('What, since when, and what to do.'),
  detail: z.record(z.string(), z.json()),
  raisedAt: timestamp,
  updatedAt: timestamp,
  resolvedAt: timestamp.nullable().describe('`null` while it is open.'),
  acknowledgedAt: timestamp.nullable().describe('`null` before somebody did.'),
  acknowledgedBy: z.uuid().nullable(),
});

export type Alert = z.infer<typeof alert>;

/** GET /backup/monitoring/alerts */
export const alertsQuery = z.strictObject({
  limit: wholeNumber(1, 1000, 100),
  severity: severity.optional(),
  source: sourceName.optional(),
  state: z.enum(['open', 'resolved', 'all']).default('open'),
});

export type AlertsQuery = z.infer<typeof alertsQuery>;

/** POST /backup/monitoring/alerts/:id/acknowledge */
export const alertId = z.strictObject({ id: z.uuid('it needs the id of an alert, which is a UUID') });
