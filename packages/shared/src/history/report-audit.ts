import { findAuditHash } from '../audit/audit-trail.js';
import { verifyAuditTrail } from '../audit/verify-trail.js';
import type { ReportFacts } from '../contracts/report-body.js';
import type { Database } from './database.js';
import type { Span } from './report-backups.js';

type AuditFacts = ReportFacts['audit'];
type Head = NonNullable<AuditFacts['head']>;

/** What only people do, and by which they review what the system did (45 CFR 164.308(a)(1)(ii)(D)). */
const REVIEWS = ['audit.read', 'report.read'];

export async function readAudit(
  db: Database,
  spans: { readonly period: Span; readonly trend: Span },
): Promise<AuditFacts> {
  return {
    head: await readHead(db),
    ...(await countEvents(db, spans)),
    ...(await checkChain(db)),
  };
}

async function readHead(db: Database): Promise<Head | null> {
  const { rows } = await db.query<Head>(
    `SELECT seq, encode(hash, 'hex') AS hash, at FROM audit_events ORDER BY seq DESC LIMIT 1`,
  );
  return rows[0] ?? null;
}

type Counts = Omit<AuditFacts, 'head' | 'checkedEvents' | 'brokenAt' | 'previousHeadStands'>;

async function countEvents(
  db: Database,
  { period, trend }: { readonly period: Span; readonly trend: Span },
): Promise<Counts> {
  const { rows } = await db.query<Counts>(
    `SELECT (SELECT at FROM audit_events ORDER BY seq LIMIT 1) AS "firstAt",
       count(*) FILTER (WHERE at > $1 AND at <= $2) AS "eventsInPeriod",
       count(*) FILTER (WHERE at > $1 AND at <= $2 AND result <> 'ok') AS "refusalsInPeriod",
       count(*) FILTER (WHERE action = 'login' AND result = 'ok') AS "loginsInTrend",
       count(*) FILTER (WHERE action = 'login' AND result <> 'ok') AS "failedLoginsInTrend",
       count(*) FILTER (WHERE action = ANY ($4) AND result = 'ok') AS "reviewsInTrend",
       max(at) FILTER (WHERE action = ANY ($4) AND result = 'ok') AS "newestReviewAt"
     FROM audit_events WHERE at > $3 AND at <= $2`,
    [period.start, period.end, trend.start, REVIEWS],
  );
  return rows[0] as Counts;
}

/** The whole chain is walked, and the newest event that the report before named must still be in it. */
async function checkChain(
  db: Database,
): Promise<Pick<AuditFacts, 'checkedEvents' | 'brokenAt' | 'previousHeadStands'>> {
  const previous = await findPreviousHead(db);
  const { events, broken } = await verifyAuditTrail(db, null);
  return {
    checkedEvents: events,
    brokenAt: broken?.seq ?? null,
    previousHeadStands: previous === null ? null : (await findAuditHash(db, previous.seq)) === previous.hash,
  };
}

async function findPreviousHead(db: Database): Promise<{ seq: number; hash: string } | null> {
  const { rows } = await db.query<{ head: { seq: number; hash: string } | null }>(
    `SELECT nullif(body #> '{audit,head}', 'null') AS head FROM reports WHERE status = 'completed'
     ORDER BY ended_at DESC LIMIT 1`,
  );
  return rows[0]?.head ?? null;
}
