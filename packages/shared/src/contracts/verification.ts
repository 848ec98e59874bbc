import { z } from 'zod';
import { backupType, timestamp } from './backup.js';
import { plainText } from './plain-text.js';
import { storageState } from './storage.js';

/** `failed` found something wrong with the backup; `error` could not look. */
export const checkStatus = z.enum(['queued', 'running', 'passed', 'failed', 'error']);

/**
 * `sound`, or the first step that failed: the file is there and an ordinary one (`file`), its sidecar is there, whole and
 * authentic (`sidecar`), then `size`, `checksum`, `gzip`, `decryption`, `archive`, `rows`, the companions, and of an incremental
 * that its `base` is the one it was made on.
 */
export const verdict = z.enum([
  'sound',
  'file',
  'sidecar',
  'size',
  'checksum',
  'gzip',
  'decryption',
  'archive',
  'rows',
  'companion',
  'base',
]);

export const checkProgress = z
  .object({ percent: z.number(), doneBytes: z.number(), totalBytes: z.number() })
  .describe('How far a verification is; it reads the file twice, and the companions. Bytes.');

export type CheckProgress = z.infer<typeof checkProgress>;

/** One integrity check of one backup file. */
export const verification = z.object({
  id: z.uuid(),
  backupId: z.uuid(),
  status: checkStatus,
  verdict: verdict.nullable(),
  reason: z.string().nullable().describe('What is wrong, in a sentence.'),
  failedAtByte: z
    .number()
    .nullable()
    .describe(
      'Where the first fault is: in the backup file, for the verdicts archive and rows in the archive inside it.',
    ),
  requestedVia: z.enum(['api', 'cli', 'schedule']),
  requestedBy: z.uuid().nullable(),
  note: z.string().nullable(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
  errorCode: z.string().nullable(),
  progress: checkProgress.nullable(),
});

export type Verification = z.infer<typeof verification>;

/** POST /backup/:id/verify; who acts is the token's user, `verifiedBy` is a note. */
export const verifyRequest = z.strictObject({ verifiedBy: plainText.max(200).optional() });

/**
 * GET /backup/verification/status: the newest verification of each retained backup, newest backup first, counts, and
 * what stands in the backup directories and should not, or does not and should.
 */
export const verificationStatus = z.object({
  counts: z.object({
    passed: z.number(),
    failed: z.number(),
    error: z.number(),
    pending: z.number(),
    never: z.number(),
  }),
  backups: z.array(
    z.object({
      backupId: z.uuid(),
      source: z.string(),
      type: backupType,
      status: z.string(),
      fileName: z.string().nullable(),
      endedAt: timestamp.nullable(),
      verification: verification.nullable(),
    }),
  ),
  storage: storageState,
});

export type VerificationStatus = z.infer<typeof verificationStatus>;
