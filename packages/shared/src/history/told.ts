import type { Told } from '../policy/plan-notifications.js';
import type { Database } from './database.js';

/** What was told of these alerts and of these backups' success, oldest first. */
export async function readTold(
  db: Database,
  alertIds: readonly string[],
  backupIds: readonly string[],
): Promise<Told[]> {
  const { rows } = await db.query<Told>(
    `SELECT alert_id AS "alertId", channel, event, status, created_at AS "createdAt", subject, severity
     FROM notifications
     WHERE alert_id = ANY($1) OR (event = 'success' AND subject = ANY($2) AND created_at > now() - interval '1 day')
     ORDER BY created_at`,
    [alertIds, backupIds],
  );
  return rows;
}

/** Backups that succeeded within the last hour. */
export async function readRecentSuccesses(db: Database): Promise<{ id: string }[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM backups WHERE status = 'completed' AND ended_at > now() - interval '1 hour' ORDER BY ended_at`,
  );
  return rows;
}

export async function readLastHeartbeat(db: Database): Promise<Date | null> {
  const { rows } = await db.query<{ at: Date | null }>(
    `SELECT max(created_at) AS at FROM notifications WHERE channel = 'heartbeat' AND event = 'heartbeat'`,
  );
  return rows[0]?.at ?? null;
}
