import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type Actor, type AuditEvent, appendAudit } from '../audit/audit.js';
import { fail, SafekeepError } from '../errors.js';
import { failQueuedRow, JOB_TABLES, type JobTable } from '../history/job-rows.js';
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
  insert(id: string): Promise<Row>;
}

/**
 * Accepts a job: the history row first, then the job. The row is the truth, so a job that cannot be queued ends its row
 * and is never queued later. Each outcome, also a refusal, leaves one audit event.
 *
 * @throws SafekeepError QUEUE_UNAVAILABLE, or what `insert` throws
 */
export async function acceptJob<Row>(queueing: JobQueueing, request: JobRequest<Row>): Promise<Row> {
  const id = randomUUID();
  try {
    const row = await request.insert(id);
    await enqueueRow(queueing, request.table, id);
    await audit(queueing.pool, request, 'ok', { id });
    return row;
  } catch (error) {
    if (!(error instanceof SafekeepError)) throw error;
    await audit(queueing.pool, request, error.httpStatus < 500 ? 'refused' : 'failed', { code: error.code });
    throw error;
  }
}

/**
 * Puts a row that stands in history as `queued` on its queue; when that fails its row ends.
 * @throws SafekeepError QUEUE_UNAVAILABLE
 */
export async function enqueueRow(queueing: JobQueueing, table: JobTable, id: string): Promise<void> {
  try {
    await queueing.producer.enqueue(...jobOf(table, id));
  } catch (error) {
    const reason = error instanceof SafekeepError ? error : fail('QUEUE_UNAVAILABLE', {}, error);
    // Where the queue took the job but its answer was lost, a worker may have begun: then the request was accepted.
    if (await failQueuedRow(queueing.pool, table, id, reason)) throw reason;
  }
}

type AnyJob = [queue: 'verify', name: JobName<'verify'>, id: string, data: JobData<'verify', 'verify'>];

/** Queue, name, id and data of a row's job. The producer checks the data against the contract. */
export function jobOf(table: JobTable, id: string): AnyJob {
  const { queue, job, id: key } = JOB_TABLES[table];
  return [queue, job, id, { [key]: id }] as unknown as AnyJob;
}

async function audit(
  pool: pg.Pool,
  request: JobRequest<unknown>,
  result: AuditEvent['result'],
  more: Record<string, string>,
): Promise<void> {
  const { actor, action, target } = request;
  await appendAudit(pool, { actor, action, target, result, detail: { ...request.detail, ...more } });
}
