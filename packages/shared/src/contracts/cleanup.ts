import { z } from 'zod';
import { sourceName } from '../config/sources.js';
import { backupType, timestamp } from './backup.js';
import { plainText } from './plain-text.js';
import { wholeNumber } from './whole-number.js';

/** What retention decided about one backup, and what came of it; without `outcome` it was a dry run, or is not done yet. */
const cleanupDecision = z.object({
  backupId: z.uuid(),
  source: z.string(),
  type: backupType,
  fileName: z.string(),
  sizeBytes: z.number().nullable().describe('Bytes of the backup file.'),
  action: z.enum(['keep', 'remove']),
  reason: z.string(),
  outcome: z
    .enum(['removed', 'kept', 'failed'])
    .optional()
    .describe('`kept` beside `remove`: something spoke against it at the last moment, the reason says what.'),
});

export type CleanupDecision = z.infer<typeof cleanupDecision>;

export const cleanupRun = z.object({
  id: z.uuid(),
  status: z.enum(['queued', 'running', 'completed', 'failed']),
  dryRun: z.boolean(),
  source: z.string().nullable().describe('`null`: all sources.'),
  decisions: z.array(cleanupDecision).nullable(),
  reason: z.string().nullable(),
  requestedVia: z.enum(['api', 'cli', 'schedule']),
  requestedBy: z.uuid().nullable(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
  errorCode: z.string().nullable(),
});

export type CleanupRun = z.infer<typeof cleanupRun>;

/** POST /backup/cleanup; an empty body means a real cleanup of all sources. */
export const cleanupRequest = z.strictObject({
  dryRun: z.boolean().default(false),
  source: sourceName.optional(),
});

export type CleanupRequest = z.infer<typeof cleanupRequest>;

/** GET /backup/cleanup */
export const cleanupQuery = z.strictObject({ limit: wholeNumber(1, 100, 10) });

/** POST /backup/:id/hold */
export const holdRequest = z.strictObject({
  hold: z.boolean(),
  reason: plainText.trim().min(1, 'it needs a reason').max(500),
});

export type HoldRequest = z.infer<typeof holdRequest>;
