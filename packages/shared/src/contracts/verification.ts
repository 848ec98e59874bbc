import { z } from 'zod';
import { timestamp } from './backup.js';

/** `failed` found something wrong with the backup; `error` could not look. */
export const checkStatus = z.enum(['queued', 'running', 'passed', 'failed', 'error']);

/** One integrity check of one backup file. */
export const verification = z.object({
  id: z.uuid(),
  backupId: z.uuid(),
  status: checkStatus,
  verdict: z.string().nullable(),
  /** Where in the backup file the first fault is, in bytes from its start. */
  failedAtByte: z.number().nullable(),
  requestedBy: z.uuid().nullable(),
  note: z.string().nullable(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
  errorCode: z.string().nullable(),
});

export type Verification = z.infer<typeof verification>;
