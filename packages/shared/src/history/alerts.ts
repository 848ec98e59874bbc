import type { Alert, AlertsQuery, Severity } from '../contracts/alert.js';
import type { WantedAlert } from '../policy/alert-rules/wanted-alert.js';
import type { Database } from './database.js';

const COLUMNS = `
  a.id, a.rule, a.severity, a.source, a.subject, a.message, a.detail, a.raised_at AS "raisedAt",
  a.updated_at AS "updatedAt", a.resolved_at AS "resolvedAt", a.acknowledged_at AS "acknowledgedAt",
  a.acknowledged_by AS "acknowledgedBy"`;

export async function insertAlert(db: Database, id: string, wanted: WantedAlert): Promise<void> {
  await db.query(
    `INSERT INTO alerts (id, rule, severity, source, subject, message, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      id,
      wanted.rule,
      wanted.severity,
      wanted.source,
      wanted.subject,
      wanted.message,
      JSON.stringify(wanted.detail),
    ],
  );
}

export async function updateAlert(db: Database, id: string, wanted: WantedAlert): Promise<void> {
  await db.query(
    `UPDATE alerts SET severity = $2, message = $3, detail = $4, updated_at = now() WHERE id = $1`,
    [id, wanted.severity, wanted.message, JSON.stringify(wanted.detail)],
  );
}

export async function resolveAlert(db: Database, id: string): Promise<void> {
  await db.query(
    'UPDATE alerts SET resolved_at = now(), updated_at = now() WHERE id = $1 AND resolved_at IS NULL',
    [id],
  );
}

/** @returns whether it was not acknowledged before. */
export async function acknowledge(db: Database, id: string, userId: string | null): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE alerts SET acknowledged_at = now(), acknowledged_by = $2 WHERE id = $1 AND acknowledged_at IS NULL`,
    [id, userId],
  );
  return rowCount === 1;
}

export async function findAlert(db: Database, id: string): Promise<Alert | null> {
  const { rows } = await db.query<Alert>(`SELECT ${COLUMNS} FROM alerts a WHERE a.id = $1`, [id]);
  return rows[0] ?? null;
}

/** The worst ones first, then the newest. */
export async function listOpenAlerts(db: Database): Promise<Alert[]> {
  const { rows } = await db.query<Alert>(
    `SELECT ${COLUMNS} FROM alerts a WHERE a.resolved_at IS NULL
     ORDER BY array_position(ARRAY['critical', 'warning', 'info'], a.severity), a.raised_at DESC, a.id DESC`,
  );
  return rows;
}

/** How many are open, by severity. */
export async function countOpenAlerts(db: Database): Promise<Record<Severity, number>> {
  const { rows } = await db.query<Record<Severity, number>>(
    `SELECT count(*) FILTER (WHERE severity = 'info') AS info,
       count(*) FILTER (WHERE severity = 'warning') AS warning,
       count(*) FILTER (WHERE severity = 'critical') AS critical
     FROM alerts WHERE resolved_at IS NULL`,
  );
  return rows[0] as Record<Severity, number>;
}

/** Alerts that ended within the last day, in the order of their end. */
export async function listRecentlyResolved(db: Database): Promise<Alert[]> {
  const { rows } = await db.query<Alert>(
    `SELECT ${COLUMNS} FROM alerts a WHERE a.resolved_at > now() - interval '1 day' ORDER BY a.resolved_at, a.id`,
  );
  return rows;
}

/** Spelled out, so that the index of the open ones serves. */
const IN_STATE = {
  all: 'true',
  open: 'a.resolved_at IS NULL',
  resolved: 'a.resolved_at IS NOT NULL',
} as const;

/** Alerts, newest first. */
export async function listAlerts(db: Database, query: AlertsQuery): Promise<Alert[]> {
  const { rows } = await db.query<Alert>(
    `SELECT ${COLUMNS} FROM alerts a
     WHERE ($1::text IS NULL OR a.severity = $1) AND ($2::text IS NULL OR a.source = $2) AND ${IN_STATE[query.state]}
     ORDER BY a.raised_at DESC, a.id DESC LIMIT $3`,
    [query.severity ?? null, query.source ?? null, query.limit],
  );
  return rows;
}
