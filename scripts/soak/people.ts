import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../packages/worker/test/property/random.js';
import type { Accepted, Table } from './accepted.js';
import type { ApiClient } from './api-client.js';
import { SOURCE_NAMES } from './soak-world.js';

/** More than this is not piled up: the faults shall meet work that goes on, not a queue. */
const UNENDED = 25;

/** Ask for things every few seconds until `signal` aborts. */
export async function askForThings(
  client: ApiClient,
  accepted: Accepted,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const waiting = await backupsOf(client, 'queued');
    if (waiting.total < UNENDED) await askForOne(client, accepted, random);
    if (random.chance(0.12)) await cancelOne(client, accepted, random, waiting.ids);
    await delay(random.between(700, 3_000), undefined, { signal }).catch(() => {});
  }
}

async function askForOne(client: ApiClient, accepted: Accepted, random: Random): Promise<void> {
  const source = random.pick(SOURCE_NAMES);
  const headers = { 'Idempotency-Key': randomUUID() };
  const kind = random.pick(KINDS);
  const { table, path, body } = await KIND[kind](client, random, source);
  if (path === null) return;
  const send = () => client.request('POST', path, body, table === 'backups' ? headers : {});
  // Who hears nothing asks again; with the key it is the same backup.
  const answer = (await send()) ?? (table === 'backups' ? await send() : null);
  if (answer === null) accepted.unanswered += 1;
  else if (answer.status === 202) accepted.add(table, answer.body.id);
  else accepted.refused += 1;
}

interface Asked {
  readonly table: Table;
  /** `null` where there is nothing to ask for. */
  readonly path: string | null;
  readonly body: object;
}

const KINDS = [
  ...(['full', 'full', 'full', 'incremental', 'incremental', 'incremental', 'incremental'] as const),
  ...(['verify', 'verify', 'test', 'cleanup', 'report'] as const),
] as const;

const KIND: Record<
  (typeof KINDS)[number],
  (client: ApiClient, random: Random, source: string) => Asked | Promise<Asked>
> = {
  full: (_, __, source) => ({ table: 'backups', path: '/backup/full', body: { source } }),
  incremental: (_, __, source) => ({ table: 'backups', path: '/backup/incremental', body: { source } }),
  verify: async (client, random) => {
    const { ids } = await backupsOf(client, 'completed');
    const path = ids.length === 0 ? null : `/backup/${random.pick(ids)}/verify`;
    return { table: 'verifications', path, body: {} };
  },
  test: async (client, random) => {
    const { ids } = await backupsOf(client, 'completed');
    const path = ids.length === 0 ? null : '/backup/recovery/test';
    return { table: 'recovery_tests', path, body: path === null ? {} : { backupId: random.pick(ids) } };
  },
  cleanup: () => ({ table: 'cleanup_runs', path: '/backup/cleanup', body: {} }),
  report: () => ({ table: 'reports', path: '/backup/report', body: {} }),
};

async function cancelOne(
  client: ApiClient,
  accepted: Accepted,
  random: Random,
  waiting: readonly string[],
): Promise<void> {
  const running = (await backupsOf(client, 'running')).ids;
  const ids = [...running, ...running, ...waiting];
  if (ids.length === 0) return;
  const answer = await client.request('POST', `/backup/${random.pick(ids)}/cancel`);
  if (answer?.status === 202) accepted.cancels += 1;
}

async function backupsOf(client: ApiClient, status: string): Promise<{ total: number; ids: string[] }> {
  const answer = await client.request('GET', `/backup/history?status=${status}&limit=20`);
  const backups: { id: string }[] = answer?.status === 200 ? answer.body : [];
  return { total: backups.length, ids: backups.map(({ id }) => id) };
}
