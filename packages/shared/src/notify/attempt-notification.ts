import type pg from 'pg';
import { appendAudit } from '../audit/audit.js';
import type { Channel } from '../contracts/notification.js';
import { fail } from '../errors.js';
import { findAlert } from '../history/alerts.js';
import { findBackup } from '../history/backups.js';
import { type Database, inTransaction } from '../history/database.js';
import { type ClaimedNotification, settleNotification } from '../history/notifications.js';
import { persist } from '../jobs/persist.js';
import { describeError, type Logger } from '../logger.js';
import type { Channels } from './channels.js';
import type { Occasion } from './message.js';
import { send } from './send.js';
import { Undelivered } from './undelivered.js';

/** How often a notification is tried; a test is a question, and its answer is wanted at once. */
export const MAXIMUM_ATTEMPTS = 8;
const ATTEMPTS_OF_TEST = 1;

export interface NotifyDeps {
  readonly pool: pg.Pool;
  readonly logger: Logger;
  readonly channels: Channels;
  /** Who sends, for the audit trail. */
  readonly service: 'api' | 'worker';
  /** Between the given attempt and the next one, in milliseconds. */
  readonly pauseAfter: (attempt: number) => number;
}

/** 5 s, 10 s, 20 s … : all eight attempts take ten minutes. */
export function notificationPause(attempt: number): number {
  return 5_000 * 2 ** (attempt - 1);
}

type AttemptEnd =
  | { readonly status: 'sent' }
  | { readonly status: 'failed' | 'queued'; readonly reason: string };

/**
 * Sends a claimed notification once and writes what came of it. `queued` waits for its next attempt. `stop` ends the
 * waiting for a history that is away; then another process sends it again.
 */
export async function attemptNotification(
  deps: NotifyDeps,
  claimed: ClaimedNotification,
  stop?: AbortSignal,
): Promise<AttemptEnd> {
  const end = await trySending(deps, claimed);
  const code = end.status === 'sent' ? {} : { errorCode: 'NOTIFICATION_FAILED', reason: end.reason };
  const settle = () =>
    inTransaction(deps.pool, async (db) => {
      if (!(await settleNotification(db, claimed, { status: end.status, ...code }))) return;
      if (end.status !== 'queued') await auditEnd(db, deps.service, claimed, end.status);
    });
  await persist(settle, deps.logger, stop);
  return end;
}

async function trySending(deps: NotifyDeps, claimed: ClaimedNotification): Promise<AttemptEnd> {
  try {
    await send(deps.channels, claimed.channel, await occasionOf(deps.pool, claimed));
    return { status: 'sent' };
  } catch (error) {
    const reason = failureOf(claimed.channel, error);
    const { id, channel, attempts } = claimed;
    deps.logger.warn('notification not sent', { id, channel, attempts, error: describeError(reason) });
    const maximum = claimed.event === 'test' ? ATTEMPTS_OF_TEST : MAXIMUM_ATTEMPTS;
    return { status: attempts < maximum ? 'queued' : 'failed', reason: reason.message };
  }
}

function failureOf(channel: Channel, error: unknown) {
  const reason = error instanceof Undelivered ? error.reason : 'an error without a name; see the log';
  return fail('NOTIFICATION_FAILED', { channel, reason }, error instanceof Undelivered ? undefined : error);
}

async function occasionOf(pool: pg.Pool, claimed: ClaimedNotification): Promise<Occasion> {
  const { id, event, createdAt, alertId, subject } = claimed;
  const alert = alertId === null ? null : await findAlert(pool, alertId);
  const backup = event === 'success' && subject !== null ? await findBackup(pool, subject) : null;
  return { id, event, createdAt, alert, backup };
}

/** Signs of life come every few minutes and would fill the trail. */
async function auditEnd(
  db: Database,
  service: NotifyDeps['service'],
  claimed: ClaimedNotification,
  status: 'sent' | 'failed',
): Promise<void> {
  if (claimed.event === 'heartbeat') return;
  const event = {
    actor: { id: null, name: service, address: null },
    action: `notify.${status}`,
    target: claimed.id,
    result: status === 'sent' ? ('ok' as const) : ('failed' as const),
    detail: { channel: claimed.channel, event: claimed.event, alert: claimed.alertId },
  };
  await appendAudit(db, event);
}
