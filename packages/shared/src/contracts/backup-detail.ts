import { z } from 'zod';
import { backup } from './backup.js';
import { recoveryTest } from './recovery-test.js';
import { verification } from './verification.js';

/** The answer of GET /backup/:id: the backup and what was done to prove it, newest first. */
export const backupDetail = backup.extend({
  verifications: z.array(verification),
  recoveryTests: z.array(recoveryTest),
});

export type BackupDetail = z.infer<typeof backupDetail>;
