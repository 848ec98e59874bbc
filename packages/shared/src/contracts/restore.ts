import { z } from 'zod';
import { timestamp } from './backup.js';
import { finding } from './finding.js';
import { plainText } from './plain-text.js';
import { wholeNumber } from './whole-number.js';

const restoreStatus = z.enum(['queued', 'running', 'completed', 'failed']);

const restoreProgress = z
  .object({
    phase: z.enum(['check', 'preflight', 'data', 'indexes', 'compare']),
    percent: z.number(),
    doneBytes: z.number(),
    totalBytes: z.number(),
    table: z.string().nullable().describe('The table that is being filled.'),
  })
  .describe(
    'How far a restore is. Bytes of the backup file; `check` is its first reading, before anything is decrypted.',
  );

export type RestoreProgress = z.infer<typeof restoreProgress>;

/** What a restore did. Sentences carry no row values. */
const restoreFacts = z.object({
  serverVersion: z.string(),
  pgRestoreVersion: z.string(),
  created: z.boolean().describe('Whether Safekeep made the database, or found it there empty.'),
  tables: z.number().describe('Tables that were restored and compared; rows and large objects likewise.'),
  rows: z.number(),
  largeObjects: z.number(),
  roles: z.array(z.string()).describe('Roles that did not exist and were made.'),
  warnings: z.array(z.string()).describe('What people should know, though it is no fault of the copy.'),
});

export type RestoreFacts = z.infer<typeof restoreFacts>;

/** One restore of one backup into a database that people go on with. */
export const restore = z.object({
  id: z.uuid(),
  backupId: z.uuid(),
  source: z.string(),
  status: restoreStatus,
  targetDatabase: z.string(),
  tables: z.array(z.string()).nullable().describe('A choice of tables; `null` is all of the backup.'),
  withRoles: z.boolean(),
  withGrants: z.boolean(),
  findings: z
    .array(finding)
    .nullable()
    .describe('Differences between the copy and what the sidecar says; `null` before they were looked for.'),
  facts: restoreFacts.nullable(),
  reason: z.string().nullable().describe('Why it failed, in sentences.'),
  requestedVia: z.enum(['api', 'cli']),
  requestedBy: z.uuid().nullable(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
  errorCode: z.string().nullable(),
  progress: restoreProgress.nullable(),
});

export type Restore = z.infer<typeof restore>;

/** Names that belong to the server. */
const RESERVED = new Set(['postgres', 'template0', 'template1', '.', '..']);

/** Any name that PostgreSQL takes, but for those of every server; it is never put on a command line or into SQL as it is. */
export const targetDatabase = plainText
  .min(1, 'it needs a name')
  .refine((name) => Buffer.byteLength(name, 'utf8') <= 63, 'a database name has at most 63 bytes')
  .refine((name) => !RESERVED.has(name), 'this name belongs to the server; choose a new one');

/** POST /backup/recovery/restore */
export const restoreRequest = z
  .strictObject({
    backupId: z.uuid('it needs the id of a backup, which is a UUID'),
    targetDatabase,
    tables: z
      .array(plainText.min(1).max(200))
      .min(1)
      .max(1000)
      .optional()
      .describe('Only these, such as `public.patients`.'),
    withRoles: z.boolean().default(false).describe('Make the roles that do not exist, and restore owners.'),
    withGrants: z.boolean().default(false).describe('Restore privileges.'),
  })
  .meta({
    examples: [{ backupId: '7b0f5a1e-3c55-4f7e-9a53-2f1d8f0c6b7a', targetDatabase: 'clinic_restored' }],
  });

export type RestoreRequestBody = z.infer<typeof restoreRequest>;

/** GET /backup/recovery/restores */
export const restoresQuery = z.strictObject({
  limit: wholeNumber(1, 1000, 50),
});

/** GET /backup/recovery/restores/:id */
export const restoreId = z.strictObject({ id: z.uuid('it needs the id of a restore, which is a UUID') });
