import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type Actor, type AuditEvent, appendAudit } from '../audit/audit.js';
import { fail, SafekeepError } from '../errors.js';
import { type Database, inRepeatableTransaction } from '../history/database.js';
import { failQueuedRow, holdNewRow, JOB_TABLES, type JobTable } from '../history/job-rows.js';
import type { JobData, JobName } from './contracts.js';
import type { Producer } from './producer.js';

export interface JobQueueing {
  readonly pool: pg.Pool;
  readonly producer: Producer;
}

interface JobRequest<Row> {
  readonly table: JobTable;
  readonly actor: Actor;
  /** Such as `restore.request`. */
  readonly action: `${string}.request`;
  /** What the job is about, for the audit trail. */
  readonly target: string | null;
  /** For the audit trail, beside the row's id. */
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
  /** Inserts the row as `queued` under this id, or throws an error of the catalogue that refuses it. */
  insert(db: Database, id: string): Promise<Row>;
  find(db: Database, id: string): Promise<Row | null>;
}

/**
 * Accepts a job: the history row and its audit event first, then the job. The row is the truth, so a job that cannot be
 * queued ends its row, with an event of its own, and is never queued later. A refusal leaves an event, too.
 *
 * @throws SafekeepError QUEUE_UNAVAILABLE, QUEUE_FULL, or what `insert` throws
 */
export async function acceptJob<Row>(queueing: JobQueueing, request: JobRequest<Row>): Promise<Row> {
  const id = randomUUID();
  const row = await insertRow(queueing.pool, request, id);
  await enqueueRow(queueing, request.table, id, (db, { code }) => auditEnd(db, request, { id, code }));
  return row;
}

async function insertRow<Row>(pool: pg.Pool, request: JobRequest<Row>, id: string): Promise<Row> {
  try {
    return await inRepeatableTransaction(pool, async (db) => {
      // The first try, whose answer was lost, may still be on its way to the disk.
      await holdNewRow(db, id);
      const before = await request.find(db, id);
      if (before !== null) return before;
      const row = await request.insert(db, id);
      await audit(db, request, 'ok', { id });
      return row;
    });
  } catch (error) {
    if (error instanceof SafekeepError) await audit(pool, request, 'refused', { code: error.code });
    throw error;
  }
}

/**
 * Puts a row that stands in history as `queued` on its queue; when that fails its row ends. In the same transaction
 * `write` adds what belongs to that end.
 * @throws SafekeepError QUEUE_UNAVAILABLE, QUEUE_FULL
 */
export async function enqueueRow(
  queueing: JobQueueing,
  table: JobTable,
  id: string,
  write: (db: Database, reason: SafekeepError) => Promise<void>,
): Promise<void> {
  try {
    await queueing.producer.enqueue(...jobOf(table, id));
  } catch (error) {
    const reason = error instanceof SafekeepError ? error : fail('QUEUE_UNAVAILABLE', {}, error);
    // Where the queue took the job but its answer was lost, a worker may have begun: then the request was accepted.
    const refused = await failQueuedRow(queueing.pool, table, id, reason, (db) => write(db, reason));
    if (refused) throw reason;
  }
}

type AnyJob = [queue: 'verify', name: JobName<'verify'>, id: string, data: JobData<'verify', 'verify'>];

/** Queue, name, id and data of a row's job. The producer checks the data against the contract. */
export function jobOf(table: JobTable, id: string): AnyJob {
  const { queue, job, id: key } = JOB_TABLES[table];
  return [queue, job, id, { [key]: id }] as unknown as AnyJob;
}

async function audit(
  db: Database,
  { actor, action, target, detail }: JobRequest<unknown>,
  result: AuditEvent['result'],
  more: Record<string, string>,
): Promise<void> {
  await appendAudit(db, { actor, action, target, result, detail: { ...detail, ...more } });
}

async function auditEnd(
  db: Database,
  { actor, action, target, detail, table }: JobRequest<unknown>,
  more: { readonly id: string; readonly code: string },
): Promise<void> {
  const end = action.replace(/request$/, JOB_TABLES[table].gaveUp);
  await appendAudit(db, { actor, action: end, target, result: 'failed', detail: { ...detail, ...more } });
}
