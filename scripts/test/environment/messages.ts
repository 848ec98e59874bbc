import { setTimeout as delay } from 'node:timers/promises';
import type { Notification } from '../../../packages/shared/src/contracts/notification.js';
import type { ReceivedMail, ReceivedRequest } from '../../../packages/shared/test/notify/receivers.js';
import type { Installation } from './installation.js';
import { addFailure } from './old-rows.js';
import type { World } from './world.js';

export interface TestMessages {
  readonly channels: readonly string[];
  readonly requests: readonly ReceivedRequest[];
  readonly mails: readonly (ReceivedMail & { readonly server: number })[];
}

/** What arrived of a test message to every channel. */
export function testMessages(world: World, installation: Installation): Promise<TestMessages> {
  return installation.once('alert-test', () => world.inTurn(() => sendTestMessages(world, installation)));
}

async function sendTestMessages(world: World, installation: Installation): Promise<TestMessages> {
  const { web, mails } = world;
  const begin = { requests: web.received.length, mails: mails.map(({ received }) => received.length) };
  const asked = await installation.request<Notification[]>('/backup/monitoring/alert-test');
  const ids = asked.map(({ id }) => id);
  await allSent(world, installation, 'id = ANY ($1)', [ids]);
  // Both installations tell of their alerts at any time.
  const isTest = (text: string) => text.includes('[Safekeep] Test');
  return {
    channels: asked.map(({ channel }) => channel),
    requests: web.received.slice(begin.requests).filter(({ body }) => isTest(body)),
    mails: mails.flatMap(({ received }, server) =>
      received
        .slice(begin.mails[server])
        .filter(({ text }) => isTest(text))
        .map((mail) => ({ ...mail, server })),
    ),
  };
}

/** The events that the webhook was told up to the first look at everything after the installation's backup. */
export async function eventsAfterSuccess(world: World, installation: Installation): Promise<string[]> {
  await addFailure(world.pool(installation.history));
  const alerted = `SELECT FROM notifications JOIN alerts ON alerts.id = alert_id
    WHERE channel = 'webhook' AND rule = 'backup-failed' AND alerts.source = 'lab'`;
  while ((await world.sql(installation.history, alerted)).length === 0) await delay(100);
  await allSent(world, installation, `channel = 'webhook'`);
  return world.web.received
    .filter(({ path }) => path === `/hook/${installation.name}-webhook`)
    .map(({ body }) => (JSON.parse(body) as { event: string }).event);
}

async function allSent(
  world: World,
  { history }: Installation,
  which: string,
  values: unknown[] = [],
): Promise<void> {
  for (;;) {
    const rows = await world.sql<{ status: string; reason: string }>(
      history,
      `SELECT status, reason FROM notifications WHERE ${which}`,
      values,
    );
    if (rows.every(({ status }) => status === 'sent')) return;
    const failed = rows.find(({ status }) => status === 'failed');
    if (failed !== undefined) throw new Error(`a message was not sent: ${failed.reason}`);
    await delay(50);
  }
}
