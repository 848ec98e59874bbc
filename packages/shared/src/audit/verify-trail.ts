import type { AuditHead } from '../contracts/audit.js';
import type { Database } from '../history/database.js';
import { findAuditHash, findAuditHead } from './audit-trail.js';

/** Events that one query looks at. */
const BATCH = 10_000;

/** What is wrong with the first event that does not fit. */
export type AuditFault =
  /** Its number does not follow the one before: events were removed, or the beginning was. */
  | 'gap'
  /** It does not carry the hash of the event before: that one was replaced, or the order was changed. */
  | 'predecessor'
  /** Its hash is not that of its content: it was edited. */
  | 'content'
  /** The trail does not hold the event that was expected: its end was cut off or the trail was written anew. */
  | 'expected';

export interface AuditVerdict {
  /** Events that were looked at. */
  readonly events: number;
  /** The last event that was looked at. */
  readonly head: AuditHead | null;
  readonly broken: { readonly seq: number; readonly fault: AuditFault } | null;
}

interface Batch {
  readonly events: number;
  readonly lastSeq: number | null;
  readonly lastHash: string | null;
  readonly brokenSeq: number | null;
  readonly fault: AuditFault | null;
}

/**
 * Walks the hash chain from its first event to the one that was the newest when it began, and stops at the first that
 * does not fit. A trail whose newest events were cut off is a whole chain: only an event that was noted elsewhere
 * (`expected`) tells.
 */
export async function verifyAuditTrail(
  db: Database,
  expected: AuditHead | null,
  onProgress: (seq: number, last: number) => void = () => {},
): Promise<AuditVerdict> {
  const end = await findAuditHead(db);
  let head: AuditHead | null = null;
  let events = 0;
  while (end !== null && (head?.seq ?? 0) < end.seq) {
    const batch = await readBatch(db, head, end.seq);
    if (batch.brokenSeq !== null && batch.fault !== null) {
      return { events: events + batch.events, head, broken: { seq: batch.brokenSeq, fault: batch.fault } };
    }
    if (batch.lastSeq === null || batch.lastHash === null) break;
    head = { seq: batch.lastSeq, hash: batch.lastHash };
    events += batch.events;
    onProgress(head.seq, end.seq);
  }
  const meets = expected === null || (await findAuditHash(db, expected.seq)) === expected.hash;
  return { events, head, broken: meets ? null : { seq: expected.seq, fault: 'expected' } };
}

/** The next events after one that is known to fit; each is compared with the one before it. */
async function readBatch(db: Database, before: AuditHead | null, last: number): Promise<Batch> {
  const { rows } = await db.query<Batch>(
    `WITH looked_at AS (
       SELECT (event).seq, (event).hash, CASE
           WHEN (event).seq <> coalesce(lag((event).seq) OVER in_order, $1) + 1 THEN 'gap'
           WHEN (event).prev_hash <> coalesce(lag((event).hash) OVER in_order, $2) THEN 'predecessor'
           WHEN (event).hash <> audit_event_hash(event) THEN 'content'
         END AS fault
       FROM (
         SELECT e AS event FROM audit_events e WHERE e.seq > $1 AND e.seq <= $3 ORDER BY e.seq LIMIT ${BATCH}
       ) next
       WINDOW in_order AS (ORDER BY (event).seq)
     ), first_broken AS (SELECT seq, fault FROM looked_at WHERE fault IS NOT NULL ORDER BY seq LIMIT 1)
     SELECT (SELECT count(*) FROM looked_at) AS events, (SELECT max(seq) FROM looked_at) AS "lastSeq",
       (SELECT encode(hash, 'hex') FROM looked_at ORDER BY seq DESC LIMIT 1) AS "lastHash",
       (SELECT seq FROM first_broken) AS "brokenSeq", (SELECT fault FROM first_broken) AS fault`,
    [before?.seq ?? 0, Buffer.from(before?.hash ?? '00', 'hex'), last],
  );
  return rows[0] as Batch;
}
