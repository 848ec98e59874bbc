import type { AuditEventRow, AuditHead, AuditQuery } from '../contracts/audit.js';
import type { Database } from '../history/database.js';

const COLUMNS = `
  seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, actor_id AS "actorId", actor, address,
  action, target, result, detail, encode(prev_hash, 'hex') AS "prevHash", encode(hash, 'hex') AS hash`;

const FILTERS = {
  // What follows a dot in the order of bytes is a slash, so an index has all of an area in one place.
  action: (at: string) => `(action COLLATE "C" >= ${at} AND action COLLATE "C" < ${at} || '/'
    AND (action COLLATE "C" = ${at} OR action COLLATE "C" >= ${at} || '.'))`,
  actor: (at: string) => `actor = ${at}`,
  target: (at: string) => `target = ${at}`,
  since: (at: string) => `at >= ${at}`,
  until: (at: string) => `at < ${at}`,
} as const;

/** One page of the trail, newest first, and how many events match in all. */
export async function listAuditEvents(
  db: Database,
  query: AuditQuery,
): Promise<{ events: AuditEventRow[]; total: number }> {
  const used = (Object.keys(FILTERS) as (keyof typeof FILTERS)[]).filter((name) => query[name] !== undefined);
  const where = used.map((name, at) => FILTERS[name](`$${at + 1}`)).join(' AND ') || 'true';
  const values = used.map((name) => query[name]);
  const page = await db.query<AuditEventRow>(
    `SELECT ${COLUMNS} FROM audit_events WHERE seq IN (
       SELECT seq FROM audit_events WHERE ${where} ORDER BY seq DESC
       LIMIT $${values.length + 1} OFFSET $${values.length + 2}
     ) ORDER BY seq DESC`,
    [...values, query.limit, query.offset],
  );
  const count = await db.query<{ total: number }>(
    `SELECT count(*) AS total FROM audit_events WHERE ${where}`,
    values,
  );
  return { events: page.rows, total: count.rows[0]?.total ?? 0 };
}

/** Where the trail ends now, `null` when it is empty. */
export async function findAuditHead(db: Database): Promise<AuditHead | null> {
  const { rows } = await db.query<AuditHead>(
    `SELECT seq, encode(hash, 'hex') AS hash FROM audit_events ORDER BY seq DESC LIMIT 1`,
  );
  return rows[0] ?? null;
}

/** The hash of one event, `null` when there is none with this number. */
export async function findAuditHash(db: Database, seq: number): Promise<string | null> {
  const { rows } = await db.query<{ hash: string }>(
    `SELECT encode(hash, 'hex') AS hash FROM audit_events WHERE seq = $1`,
    [seq],
  );
  return rows[0]?.hash ?? null;
}
