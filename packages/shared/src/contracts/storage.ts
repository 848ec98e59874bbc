import { z } from 'zod';
import { timestamp } from './backup.js';

/** Something in a backup directory that does not agree with history; it resolves by itself once it does. */
const openFinding = z.object({
  source: z.string(),
  kind: z.enum(['unknown-file', 'missing-file', 'stray-partial', 'strange-file']),
  name: z.string(),
  sizeBytes: z.number().nullable(),
  firstSeenAt: timestamp,
  lastSeenAt: timestamp,
  message: z.string().describe('What it means and what to do.'),
});

/** What the last inventories of all sources found. */
export const storageState = z.object({
  checkedAt: timestamp
    .nullable()
    .describe("When a worker last looked at any source's directory; `null` before the first time."),
  findings: z.array(openFinding),
});

export type StorageState = z.infer<typeof storageState>;
