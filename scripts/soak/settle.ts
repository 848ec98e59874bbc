import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from './api-client.js';
import { SOURCE_NAMES, type SoakWorld } from './soak-world.js';

/** The lease and the queue's lock of the last that died lapse within two minutes; then its attempts follow. */
const LIMIT = 10 * 60_000;

/**
 * Waits until everything has ended, then takes one more full backup of each source: it sweeps what the last dead run of the
 * source left.
 * @throws Error that says what did not end
 */
export async function settle({ faults, client }: SoakWorld): Promise<void> {
  for (const proxy of Object.values(faults.network)) proxy.mend();
  await ended(faults);
  for (const source of SOURCE_NAMES) await askFor(client, source);
  await ended(faults);
}

async function ended(faults: SoakWorld['faults']): Promise<void> {
  const deadline = Date.now() + LIMIT;
  while ((await faults.unended()) > 0) {
    if (Date.now() > deadline)
      throw new Error(`${await faults.unended()} rows did not end within ${LIMIT / 60_000} minutes`);
    await delay(500);
  }
}

async function askFor(client: ApiClient, source: string): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const answer = await client.request('POST', '/backup/full', { source });
    if (answer?.status === 202) return;
    await delay(1_000);
  }
  throw new Error(`no last backup of ${source} was accepted`);
}
