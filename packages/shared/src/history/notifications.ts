import type { Severity } from '../contracts/alert.js';
import type { Channel, Notification, NotificationEvent } from '../contracts/notification.js';
import type { Database } from './database.js';

const COLUMNS = `
  n.id, n.alert_id AS "alertId", n.channel, n.event, n.status, n.attempts, n.error_code AS "errorCode", n.reason,
  n.created_at AS "createdAt", n.ended_at AS "endedAt"`;

export interface NewNotification {
  readonly id: string;
  readonly alertId: string | null;
  readonly channel: Channel;
  readonly event: NotificationEvent;
  /** What a success is about: the id of a backup. */
  readonly subject: string | null;
  readonly severity: Severity | null;
}

export async function insertNotification(db: Database, given: NewNotification): Promise<Notification> {
  const { rows } = await db.query<Notification>(
    `INSERT INTO notifications AS n (id, alert_id, channel, event, subject, severity, status)
     VALUES ($1, $2, $3, $4, $5, $6, 'queued') RETURNING ${COLUMNS}`,
    [given.id, given.alertId, given.channel, given.event, given.subject, given.severity],
  );
  return rows[0] as Notification;
}

export async function findNotification(db: Database, id: string): Promise<Notification | null> {
  const { rows } = await db.query<Notification>(`SELECT ${COLUMNS} FROM notifications n WHERE n.id = $1`, [
    id,
  ]);
  return rows[0] ?? null;
}

/** A notification that one process sends now. */
export interface ClaimedNotification extends Notification {
  readonly subject: string | null;
}

/**
 * Claims a notification for one attempt. One that was claimed before and has been silent for longer than any attempt
 * takes may be claimed again: its process died. Then the receiver may get it twice, with the same id.
 */
export async function claimNotification(db: Database, id: string): Promise<ClaimedNotification | null> {
  const { rows } = await db.query<ClaimedNotification>(
    `UPDATE notifications n SET status = 'running', started_at = now(), attempts = attempts + 1
     WHERE n.id = $1 AND (n.status = 'queued' OR (n.status = 'running' AND n.started_at < now() - interval '2 minutes'))
     RETURNING ${COLUMNS}, n.subject`,
    [id],
  );
  return rows[0] ?? null;
}

/**
 * Ends one attempt; `queued` waits for the next one. Only the attempt that holds the row changes it.
 * @returns whether it did
 */
export async function settleNotification(
  db: Database,
  { id, attempts }: Notification,
  outcome: {
    readonly status: 'sent' | 'failed' | 'queued';
    readonly errorCode?: string;
    readonly reason?: string;
  },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE notifications SET status = $3, error_code = $4, reason = $5,
       ended_at = CASE WHEN $3 = 'queued' THEN NULL ELSE now() END
     WHERE id = $1 AND attempts = $2 AND status = 'running'`,
    [id, attempts, outcome.status, outcome.errorCode ?? null, outcome.reason ?? null],
  );
  return rowCount === 1;
}

/** Notifications that should have been sent by now, oldest first: their job may be lost. */
export async function findUnsentNotifications(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM notifications WHERE status IN ('queued', 'running') AND created_at < now() - interval '30 seconds'
     ORDER BY created_at LIMIT 100`,
  );
  return rows.map((row) => row.id);
}

/** Signs of life are of no interest once there are newer ones. */
export async function forgetOldHeartbeats(db: Database): Promise<void> {
  await db.query(
    `DELETE FROM notifications
     WHERE channel = 'heartbeat' AND event = 'heartbeat' AND created_at < now() - interval '7 days'`,
  );
}
