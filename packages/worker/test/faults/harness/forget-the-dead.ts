import { Redis } from 'ioredis';
import type { World } from '../../process/world.js';

/** What the lease of a dead worker and the queue's lock would take a minute to say, where the waiting is not the subject. */
export async function forgetTheDead(world: World): Promise<void> {
  await world.sql(
    'history',
    `UPDATE runs SET lease_until = now() - interval '1 second' WHERE state = 'running'`,
  );
  for (const table of ['backups', 'verifications', 'recovery_tests']) {
    await world.sql('history', `UPDATE ${table} SET created_at = created_at - interval '1 minute'`);
  }
  const redis = new Redis(world.redis.url);
  await redis.flushall();
  redis.disconnect();
}
