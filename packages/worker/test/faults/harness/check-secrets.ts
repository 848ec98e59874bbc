import { QUEUE_PREFIX } from '@safekeep/shared/queues/contracts';
import { expect } from 'chai';
import { contentOf } from '../../../../shared/test/queues/content.js';
import type { World } from '../../process/world.js';

const TABLES = ['backups', 'runs', 'audit_events', 'alerts', 'verifications', 'recovery_tests', 'restores'];

/** I6: no key, password, URL with a password or row value in logs, in Redis or in history. */
export async function checkSecrets(world: World, rowValues: readonly string[]): Promise<void> {
  const passwords = [world.postgres, world.sourceServer].map((server) => new URL(server.url('x')).password);
  const secrets = [world.key, ...passwords, 'postgres://', ...rowValues];
  const silent = (text: string, where: string) => {
    for (const secret of secrets) expect(text.includes(secret), `I6: a secret in ${where}`).to.equal(false);
  };
  for (const log of world.logs()) silent(log, 'a log');
  const queue = await contentOf(world.redis.url);
  for (const [key, value] of queue) {
    expect(key.startsWith(QUEUE_PREFIX), `a key of Redis that is not ours: ${key}`).to.equal(true);
    silent(value, `Redis, key ${key}`);
  }
  for (const table of TABLES) {
    const rows = await world.sql('history', `SELECT to_jsonb(t)::text AS text FROM ${table} t`);
    silent(rows.map(({ text }) => text).join('\n'), `history, table ${table}`);
  }
}
