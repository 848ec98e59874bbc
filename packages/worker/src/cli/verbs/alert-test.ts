import { requestAlertTest } from '@safekeep/shared/alerts/request-alert-test';
import type { Notification } from '@safekeep/shared/contracts/notification';
import { findNotification } from '@safekeep/shared/history/notifications';
import { channelsOf } from '@safekeep/shared/notify/channels';
import { print, table } from '../print.js';
import type { CliSession } from '../session.js';
import { watchJob } from '../watch-job.js';

/**
 * `backup.sh alert-test`: sends a test to every configured channel, once, and tells what became of each. Exits with 1
 * when one failed, with 3 when there is no channel.
 */
export async function alertTestVerb(session: CliSession): Promise<number> {
  const channels = channelsOf(session.config);
  const deps = { pool: session.pool, producer: session.producer(), channels };
  const accepted = await requestAlertTest(deps, session.actor);
  if (session.options.wait === false) {
    print(session.options, accepted, () => `queued ${accepted.length} test message(s)`);
    return 0;
  }
  const read = (id: string) => findNotification(session.pool, id);
  const ended: Notification[] = [];
  for (const one of accepted) ended.push(await watchJob(session, one, `testing ${one.channel}`, read));
  print(session.options, ended, () => summary(ended));
  return ended.every(({ status }) => status === 'sent') ? 0 : 1;
}

function summary(ended: readonly Notification[]): string {
  const rows = ended.map(({ channel, status, reason }) => [channel, status, reason ?? '']);
  return table(['channel', 'status', 'why'], rows);
}
