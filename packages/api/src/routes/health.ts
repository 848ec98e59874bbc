import { setTimeout as delay } from 'node:timers/promises';
import type { Liveness, Readiness } from '@safekeep/shared/contracts/health';
import type pg from 'pg';
import { refuse } from '../refusal.js';
import type { Answer } from '../route.js';
import type { Services } from '../services.js';

/** A part that has not answered within this time is down, in milliseconds. */
const DEADLINE = 800;

/** The process answers. It asks nobody else: restarting the API mends neither Redis nor history. */
export async function tellAlive(): Promise<Answer<Liveness>> {
  return { body: { status: 'live' } };
}

/**
 * The process can do its work: history and Redis answer.
 * @throws SafekeepError NOT_READY that says which of them does not.
 */
export async function tellReady({ pool, producer }: Services): Promise<Answer<Readiness>> {
  const [history, redis] = await Promise.all([answers(pool), producer.ping()]);
  if (history && redis) return { body: { status: 'ready', history: 'up', redis: 'up' } };
  const states = { history: history ? 'up' : 'down', redis: redis ? 'up' : 'down' };
  const down = Object.entries(states).filter(([, state]) => state === 'down');
  throw refuse('NOT_READY', { parts: down.map(([part]) => part).join(', ') }, {}, states);
}

async function answers(pool: pg.Pool): Promise<boolean> {
  const query = pool.query('SELECT 1').then(
    () => true,
    () => false,
  );
  return Promise.race([query, delay(DEADLINE, false, { ref: false })]);
}
