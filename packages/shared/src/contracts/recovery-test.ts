import { z } from 'zod';
import { timestamp } from './backup.js';
import { finding } from './finding.js';
import { plainText } from './plain-text.js';
import { checkStatus } from './verification.js';
import { wholeNumber } from './whole-number.js';

/** What was compared, in numbers, whether or not it was equal. */
const recoveryFacts = z.object({
  base: z
    .object({ id: z.uuid(), fileName: z.string() })
    .nullable()
    .optional()
    .describe('The backup that an incremental was restored on; `null` where none was needed.'),
  tables: z.number(),
  rows: z.number(),
  contents: z.number().describe('Tables whose contents were compared, not only their numbers of rows.'),
  largeObjects: z.number(),
  sequences: z.number(),
  constraints: z.number(),
  indexes: z.number(),
  extensions: z.number(),
  definitions: z.number().describe('Definitions of all other kinds.'),
  criticalTables: z
    .array(z.object({ name: z.string(), rows: z.number() }))
    .describe('Those of CRITICAL_TABLES that the copy has.'),
  differences: z.number().describe('All differences; `findings` holds the first of them.'),
  notCompared: z.array(z.string()).describe('What could not be compared and why, in sentences.'),
  totalSeconds: z
    .number()
    .describe('From the start of the test to its end with the check of the file, in seconds.'),
});

export type RecoveryFacts = z.infer<typeof recoveryFacts>;

/** What a recovery test does now. */
const recoveryProgress = z.object({
  phase: z.enum(['check', 'restore', 'compare']),
  percent: z.number(),
  table: z.string().nullable().describe('The table that is being filled.'),
});

export type RecoveryProgress = z.infer<typeof recoveryProgress>;

/** One restore of one backup into a scratch database, and its comparison. */
export const recoveryTest = z.object({
  id: z.uuid(),
  backupId: z.uuid(),
  status: checkStatus,
  findings: z.array(finding).nullable(),
  facts: recoveryFacts.nullable(),
  reason: z.string().nullable().describe('In a sentence, what is wrong or could not be done.'),
  rtoSeconds: z
    .number()
    .nullable()
    .describe(
      'Measured time to recover, in seconds: from the start of the restore to a copy that can be used.',
    ),
  rpoSeconds: z
    .number()
    .nullable()
    .describe('Age of the newest data in the backup when the test began, in seconds.'),
  rtoTargetSeconds: z.number().nullable().describe('The target that held when the test ran, in seconds.'),
  rpoTargetSeconds: z.number().nullable().describe('The target that held when the test ran, in seconds.'),
  requestedVia: z.enum(['api', 'cli', 'schedule']),
  requestedBy: z.uuid().nullable(),
  note: z.string().nullable(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
  errorCode: z.string().nullable(),
  progress: recoveryProgress.nullable(),
});

export type RecoveryTest = z.infer<typeof recoveryTest>;

/** POST /backup/recovery/test; who acts is the token's user, `testedBy` is a note. */
export const recoveryTestRequest = z.strictObject({
  backupId: z.uuid(),
  testedBy: plainText.max(200).optional(),
});

export type RecoveryTestRequest = z.infer<typeof recoveryTestRequest>;

/** GET /backup/recovery/tests */
export const recoveryTestsQuery = z.strictObject({
  limit: wholeNumber(1, 1000, 50),
  offset: wholeNumber(0, 10_000_000, 0),
});

export type RecoveryTestsQuery = z.infer<typeof recoveryTestsQuery>;
