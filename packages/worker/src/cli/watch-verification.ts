import { setTimeout as delay } from 'node:timers/promises';
import type { Verification } from '@safekeep/shared/contracts/verification';
import { fail } from '@safekeep/shared/errors';
import { findVerification } from '@safekeep/shared/history/verifications';
import type { CliSession } from './session.js';

/** Pause between two looks at history, in milliseconds. */
const PAUSE = 500;
/** How often a verification that waits says so, in looks. */
const LOOKS_PER_REMINDER = 20;

/** Waits until a verification has ended, with a line on standard error at every quarter. History tells, not the queue. */
export async function watchVerification(session: CliSession, asked: Verification): Promise<Verification> {
  let next = 0;
  for (let look = 1; ; look += 1) {
    const verification = await findVerification(session.pool, asked.id);
    if (verification === null) throw fail('BACKUP_UNKNOWN', { id: asked.backupId });
    if (verification.status !== 'queued' && verification.status !== 'running') return verification;
    const percent = verification.progress?.percent ?? -1;
    if (percent >= next) {
      process.stderr.write(`${percent.toFixed(1).padStart(5)} %  verifying ${asked.backupId}\n`);
      next = Math.floor(percent / 25) * 25 + 25;
    }
    if (verification.status === 'queued' && look % LOOKS_PER_REMINDER === 0) {
      const state = await session.producer().state();
      const why = state?.workers === 0 ? 'NO WORKER IS CONNECTED; start one' : 'for its turn';
      process.stderr.write(`waits: ${why}\n`);
    }
    await delay(PAUSE);
  }
}
