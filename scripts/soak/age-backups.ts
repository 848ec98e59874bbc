import { setTimeout as delay } from 'node:timers/promises';
import type { SoakWorld } from './soak-world.js';

/** Between two looks, in milliseconds. */
const PAUSE = 20_000;

/**
 * Lets backups of some minutes ago look like those of months ago, so that retention has something to remove, until `signal`
 * aborts.
 */
export async function ageBackups({ faults }: SoakWorld, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await faults
      .sql(
        'history',
        `UPDATE backups SET started_at = started_at - interval '120 days', ended_at = ended_at - interval '120 days'
         WHERE status = 'completed' AND ended_at BETWEEN now() - interval '1 day' AND now() - interval '4 minutes'`,
      )
      .catch(() => undefined);
    await delay(PAUSE, undefined, { signal }).catch(() => {});
  }
}
