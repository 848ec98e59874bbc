import { hostname } from 'node:os';
import { type Job, UnrecoverableError } from 'bullmq';
import type pg from 'pg';
import type { SafekeepError } from '../errors.js';
import type { Database } from '../history/database.js';
import {
  claimRow,
  finishRow,
  giveUpRow,
  JOB_TABLES,
  type JobTable,
  requeueRow,
} from '../history/job-rows.js';
import type { Run } from '../history/runs.js';
import type { Logger } from '../logger.js';
import { jobContracts } from '../queues/contracts.js';
import { Lease } from './lease.js';
import { persist } from './persist.js';
import { type Begun, createProcessor, PAUSE, type QueuePlace } from './processor.js';
import { note, reportProgress } from './report-progress.js';
import { settleFailure } from './settle-failure.js';

/** What a job's work is given beside its row. */
export interface WorkPlace {
  readonly run: Run;
  /** Aborts when the worker stops or the run lost its place; the work then throws its reason. */
  readonly signal: AbortSignal;
  /** Tells how far the job is, in the job's own shape; history and queue show it every second. */
  progress(value: object): void;
  /** Adds a line to the job's log in the queue, for people. */
  note(line: string): void;
}

/** A kind of job that is about one row of a job table. */
interface RowJob<Row, Result> {
  readonly table: JobTable;
  /** Reads the row with all the work needs to know; `null` when it is not there. */
  read(db: Database, id: string): Promise<Row | null>;
  /** Does the work; may be repeated by another run after this one died. */
  work(row: Row, place: WorkPlace): Promise<Result>;
  /** Writes the end of a job that was carried out and its audit event, in the transaction that ends its run. */
  finish(db: Database, id: string, result: Result, row: Row): Promise<void>;
  /** After the end stands in history. What it returns becomes the job's result in the queue. */
  finished(row: Row, result: Result): Promise<object>;
  /** Leaves the audit event of a job that was given up, in the transaction that ends its row. */
  gaveUp(db: Database, row: Row, error: SafekeepError): Promise<void>;
}

interface Attempt<Row> {
  readonly id: string;
  readonly run: Run;
  readonly row: Row;
}

interface Deps {
  readonly pool: pg.Pool;
  readonly logger: Logger;
}

/** The processor of a job table's jobs: claim, lease, work, and one end in history and in the queue, whatever happens. */
export function createRowProcessor<Row, Result>(deps: Deps, job: RowJob<Row, Result>) {
  return createProcessor<Attempt<Row>>({
    logger: deps.logger,
    begin: (queued) => begin(deps, job, queued),
    attempt: (attempt, place) => carryOut(deps, job, attempt, place),
  });
}

async function begin<Row, Result>(
  deps: Deps,
  { table, read, gaveUp }: RowJob<Row, Result>,
  queued: Job,
): Promise<Begun<Attempt<Row>>> {
  const id = idOf(table, queued);
  const worker = `${hostname()}:${process.pid}`;
  const claim = await claimRow(deps.pool, table, id, worker, async (db, error) => {
    deps.logger.error('a job was started too often', { table, id });
    const row = await read(db, id);
    if (row !== null) await gaveUp(db, row, error);
  });
  if (claim.kind === 'ended') return { kind: 'ended', status: 'ended' };
  if (claim.kind === 'busy') {
    const pause = Math.min(PAUSE, claim.retryInSeconds * 1000);
    return { kind: 'wait', reason: 'another worker holds this job', pause };
  }
  const row = await read(deps.pool, id);
  if (row === null) throw new UnrecoverableError('history does not know this job');
  note(queued, `run ${claim.run.id} on ${worker}`);
  return { kind: 'attempt', attempt: { id, run: claim.run, row } };
}

function idOf(table: JobTable, queued: Job): string {
  const { queue, job, id } = JOB_TABLES[table];
  const contracts: Readonly<Record<string, { safeParse(data: unknown): { data?: unknown } }>> =
    jobContracts[queue];
  const data = contracts[job]?.safeParse(queued.data).data as Record<string, string> | undefined;
  const value = queued.name === job ? data?.[id] : undefined;
  if (value === undefined) throw new UnrecoverableError('the job does not keep its contract');
  return value;
}

async function carryOut<Row, Result>(
  { pool, logger }: Deps,
  job: RowJob<Row, Result>,
  { id, run, row }: Attempt<Row>,
  place: QueuePlace,
): Promise<object> {
  let progress: object | null = null;
  const lease = new Lease(pool, run, () => progress, logger);
  const reports = reportProgress(place.job, () => progress);
  try {
    const result = await job.work(row, {
      run,
      signal: AbortSignal.any([place.stop, lease.signal]),
      progress: (value) => {
        progress = value;
      },
      note: (line) => note(place.job, line),
    });
    await persist(() => finishRow(pool, run, (db) => job.finish(db, id, result, row)), logger);
    return await job.finished(row, result);
  } catch (error) {
    return await settleFailure(error, { run, subject: id, logger }, place, {
      requeue: (state, known) => requeueRow(pool, run, job.table, id, state, known.code),
      giveUp: (known) =>
        persist(() => giveUpRow(pool, run, job.table, id, known, (db) => job.gaveUp(db, row, known)), logger),
    });
  } finally {
    lease.close();
    reports.close();
  }
}
