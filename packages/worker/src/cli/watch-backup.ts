import { setTimeout as delay } from 'node:timers/promises';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { fail } from '@safekeep/shared/errors';
import { findBackup } from '@safekeep/shared/history/backups';
import { openDisplay } from './progress-display.js';
import type { CliSession } from './session.js';

/** Pause between two looks at history, in milliseconds. */
const PAUSE = 500;
/** How often a backup that waits says why, in looks. */
const LOOKS_PER_REMINDER = 20;

/** Waits until a backup has ended and shows its progress on standard error. History tells, not the queue. */
export async function watchBackup(session: CliSession, id: string): Promise<Backup> {
  const display = openDisplay(process.stderr);
  const interrupt = () => {
    display.close();
    process.stderr.write(`the backup goes on without this command; look with: backup.sh show ${id}\n`);
    process.exit(130);
  };
  process.once('SIGINT', interrupt);
  try {
    for (let look = 0; ; look += 1) {
      const backup = await findBackup(session.pool, id);
      if (backup === null) throw fail('BACKUP_UNKNOWN', { id });
      if (backup.status !== 'queued' && backup.status !== 'running') return backup;
      if (backup.status === 'running') display.show(backup.progress);
      else if (look % LOOKS_PER_REMINDER === LOOKS_PER_REMINDER - 1)
        display.say(await whyItWaits(session, backup));
      await delay(PAUSE);
    }
  } finally {
    process.off('SIGINT', interrupt);
    display.close();
  }
}

async function whyItWaits(session: CliSession, backup: Backup): Promise<string> {
  if (backup.error !== null)
    return `waits for its next attempt after ${backup.error.code}: ${backup.error.message}`;
  const state = await session.producer().state();
  if (state === null) return 'waits: the queue (Redis) cannot be reached now';
  if (state.workers === 0)
    return 'waits: NO WORKER IS CONNECTED; start one, the backup runs as soon as it is there';
  return `waits for its turn: ${state.active} running, ${state.waiting} waiting, ${state.workers} worker(s)`;
}
