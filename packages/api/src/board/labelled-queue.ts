import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { labelDueJob, labelJobs } from '@safekeep/shared/history/job-labels';
import type { QueueName } from '@safekeep/shared/queues/contracts';
import type { Job, Queue } from 'bullmq';
import type pg from 'pg';

type Jobs = Awaited<ReturnType<BullMQAdapter['getJobs']>>;
type OneJob = Awaited<ReturnType<BullMQAdapter['getJob']>>;

const DESCRIPTIONS: Record<QueueName, string> = {
  backup: 'Taking backups',
  verify: 'Verifying stored files (backup.sh test)',
  'restore-test': 'Recovery tests and restores (backup.sh verify, restore)',
  cleanup: 'Retention',
  report: 'Reports',
  notify: 'Alerts on their way to people',
};

interface Showing {
  readonly pool: pg.Pool;
  /** Told when history could not give the names. */
  readonly onError: (error: Error) => void;
  readonly readOnly: boolean;
}

/** A queue as the board shows it: each job under a name that says what it is about, which only history knows. */
export class LabelledQueue extends BullMQAdapter {
  /** Takes the buttons away: the row of a job that succeeded has ended, and it would do nothing. */
  override readonly allowCompletedRetries = false;
  readonly #pool: pg.Pool;
  readonly #name: QueueName;
  readonly #onError: (error: Error) => void;

  constructor(queue: Queue, name: QueueName, { pool, onError, readOnly }: Showing) {
    super(queue, { readOnlyMode: readOnly, description: DESCRIPTIONS[name] });
    this.#pool = pool;
    this.#name = name;
    this.#onError = onError;
    this.setFormatter('progress', readableProgress);
  }

  /** Takes the button away: how fast a queue goes is not decided on the board. */
  override get supportsGlobalRateLimit(): boolean {
    return false;
  }

  override async getJobs(...given: Parameters<BullMQAdapter['getJobs']>): Promise<Jobs> {
    const jobs = await super.getJobs(...given);
    await this.#label(jobs as Job[]);
    return jobs;
  }

  override async getJob(id: string): Promise<OneJob> {
    const job = await super.getJob(id);
    if (job) await this.#label([job as Job]);
    return job;
  }

  /** History that is away costs the names, never the board: that is when people look at it. */
  async #namesOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    try {
      return await labelJobs(this.#pool, this.#name, ids);
    } catch (error) {
      this.#onError(error as Error);
      return new Map();
    }
  }

  async #label(jobs: readonly Job[]): Promise<void> {
    const rows = new Map(jobs.map((job) => [job, rowId(job)]));
    const ids = [...rows.values()].filter((id) => id !== null);
    const labels = await this.#namesOf(ids);
    for (const [job, id] of rows) {
      tidy(job);
      const label = labels.get(id ?? '') ?? labelDueJob(job.data);
      // This is a copy of the job; the queue knows jobs by their ids.
      if (label !== null) job.name = label;
    }
  }
}

/** The circle of a finished job is full, and its error is a sentence: classes and places in our code help nobody here. */
function tidy(job: Job): void {
  const { progress } = job;
  if (job.finishedOn && !job.failedReason && typeof progress === 'object' && 'percent' in progress) {
    job.progress = { ...progress, percent: 100 };
  }
  job.stacktrace = (job.stacktrace ?? []).map((trace) =>
    trace.replace(/\n\s+at .*$/s, '').replace(/^\w*Error: /, ''),
  );
}

/** The id of the history row that a job is about: its data holds that one id. */
function rowId(job: Job): string | null {
  const [value] = Object.entries(job.data ?? {}).flatMap(([key, id]) => (key.endsWith('Id') ? [id] : []));
  return typeof value === 'string' && /^[0-9a-f-]{36}$/i.test(value) ? value : null;
}

/** The board draws a circle from `progress`; whatever else a job tells stays beside it. */
function readableProgress(progress: unknown): unknown {
  const percent = (progress as { percent?: unknown } | null)?.percent;
  return typeof percent === 'number' ? { progress: Math.round(percent), ...(progress as object) } : progress;
}
