import { z } from 'zod';
import { timestamp } from './backup.js';
import { checkStatus } from './verification.js';

/** One restore of one backup into a scratch database, and its comparison. */
export const recoveryTest = z.object({
  id: z.uuid(),
  backupId: z.uuid(),
  status: checkStatus,
  findings: z.json(),
  /** Measured time to recover, in seconds. */
  rtoSeconds: z.number().nullable(),
  /** Age of the newest data in the backup when the test began, in seconds. */
  rpoSeconds: z.number().nullable(),
  requestedBy: z.uuid().nullable(),
  note: z.string().nullable(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
  errorCode: z.string().nullable(),
});

export type RecoveryTest = z.infer<typeof recoveryTest>;
