import type pg from 'pg';
import { fail, SafekeepError } from '../errors.js';
import { heartbeat, type Run } from '../history/runs.js';
import { describeError, type Logger } from '../logger.js';

/** Pause between two heartbeats in milliseconds; the lease (LEASE_SECONDS) outlives forty of them. */
const HEARTBEAT = 1_000;

/**
 * Keeps a run's lease while the job works, and stores its progress. When the run was declared lost, `signal` aborts
 * with RUN_FENCED; when somebody cancelled its backup, with BACKUP_CANCELLED, and the lease is kept until the run has cleaned
 * up. A history database that is away is waited for: as long as nobody can reach it nobody can take over.
 */
export class Lease {
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly pool: pg.Pool,
    private readonly run: Run,
    private readonly progress: () => object | null,
    private readonly logger: Logger,
  ) {
    this.#schedule();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#beat(), HEARTBEAT);
  }

  async #beat(): Promise<void> {
    try {
      const cancelled = await heartbeat(this.pool, this.run, this.progress());
      if (cancelled) this.#abort.abort(fail('BACKUP_CANCELLED'));
    } catch (error) {
      if (error instanceof SafekeepError && error.code === 'RUN_FENCED') {
        this.#abort.abort(fail('RUN_FENCED'));
        return;
      }
      this.logger.warn('heartbeat not stored, trying again', {
        runId: this.run.id,
        error: describeError(error),
      });
    }
    this.#schedule();
  }
}
