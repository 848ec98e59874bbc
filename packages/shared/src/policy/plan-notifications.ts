import type { Alert, Severity } from '../contracts/alert.js';
import type { Channel, Notification } from '../contracts/notification.js';

const HOUR = 60 * 60_000;
const MINUTE = 60_000;

/** What a channel did not take in all its attempts is told again after this time, while it still holds. */
const TELL_AGAIN_AFTER = HOUR;
/** Between two signs of life. */
const HEARTBEAT_EVERY = 5 * MINUTE;

export interface NotificationFacts {
  readonly now: Date;
  readonly channels: readonly Channel[];
  readonly open: readonly Alert[];
  readonly resolved: readonly Alert[];
  /** What was told of these alerts and successes. */
  readonly told: readonly Told[];
  /** Backups of the last hour whose success shall be told; none unless NOTIFY_ON_SUCCESS is on. */
  readonly completed: readonly { readonly id: string }[];
  readonly lastHeartbeatAt: Date | null;
  readonly workerLives: boolean;
}

export interface Told extends Pick<Notification, 'alertId' | 'channel' | 'event' | 'status' | 'createdAt'> {
  readonly subject: string | null;
  readonly severity: Severity | null;
}

type PlannedNotification = Pick<Notification, 'alertId' | 'channel' | 'event'> & {
  readonly subject: string | null;
  readonly severity: Severity | null;
};

/**
 * What should be told now and was not yet: an alert once to each channel, and again when it has become graver; its end
 * to whom its beginning was told; successes where they are wanted. Information is never sent.
 */
export function planNotifications(facts: NotificationFacts): PlannedNotification[] {
  const messages = facts.channels.filter((channel) => channel !== 'heartbeat');
  const planned = messages.flatMap((channel) => [
    ...raised(facts, channel),
    ...resolved(facts, channel),
    ...successes(facts, channel),
  ]);
  return heartbeatDue(facts) ? [...planned, HEARTBEAT] : planned;
}

const HEARTBEAT: PlannedNotification = {
  channel: 'heartbeat',
  event: 'heartbeat',
  alertId: null,
  subject: null,
  severity: null,
};

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

function raised({ now, open, told }: NotificationFacts, channel: Channel): PlannedNotification[] {
  return open
    .filter((alert) => alert.severity !== 'info')
    .filter((alert) => {
      const here = told.filter(
        (one) => one.alertId === alert.id && one.channel === channel && one.event === 'raised',
      );
      const asGrave = here.filter((one) => RANK[one.severity ?? 'info'] >= RANK[alert.severity]);
      if (alert.acknowledgedAt !== null) return here.length > 0 && asGrave.length === 0;
      return !asGrave.some((one) => stillCounts(one, now));
    })
    .map(({ id, severity }) => ({ alertId: id, channel, event: 'raised', subject: null, severity }));
}

function stillCounts(one: Told, now: Date): boolean {
  return one.status !== 'failed' || now.getTime() - one.createdAt.getTime() < TELL_AGAIN_AFTER;
}

function resolved({ resolved: ended, told }: NotificationFacts, channel: Channel): PlannedNotification[] {
  return ended
    .filter((alert) => {
      const here = told.filter((one) => one.alertId === alert.id && one.channel === channel);
      const begun = here.some((one) => one.event === 'raised' && one.status !== 'failed');
      return begun && !here.some((one) => one.event === 'resolved');
    })
    .map(({ id, severity }) => ({ alertId: id, channel, event: 'resolved', subject: null, severity }));
}

function successes({ completed, told }: NotificationFacts, channel: Channel): PlannedNotification[] {
  return completed
    .filter(({ id }) => !told.some((one) => one.subject === id && one.channel === channel))
    .map(({ id }) => ({ alertId: null, channel, event: 'success', subject: id, severity: null }));
}

/**
 * The dead man's switch: whoever waits for this sign must hear nothing when no worker lives or when something critical
 * is open that nobody has acknowledged, and of course when Safekeep is not there at all.
 */
function heartbeatDue(facts: NotificationFacts): boolean {
  const { channels, lastHeartbeatAt, now, open, workerLives } = facts;
  const ill = open.some((alert) => alert.severity === 'critical' && alert.acknowledgedAt === null);
  const early = lastHeartbeatAt !== null && now.getTime() - lastHeartbeatAt.getTime() < HEARTBEAT_EVERY;
  return channels.includes('heartbeat') && workerLives && !ill && !early;
}
