import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '@safekeep/shared/errors';
import { readBackupQueue } from '@safekeep/shared/queues/queue-figures';
import type { CliSession } from './session.js';

/** Pause between two looks at history, in milliseconds. */
const PAUSE = 500;
/** How often a job that waits says why, in looks. */
const LOOKS_PER_REMINDER = 20;

/** What is watched of a row that a job is about. */
interface Watched {
  readonly id: string;
  readonly status: string;
  readonly progress?: { readonly percent: number } | null;
  /** Of the last attempt; another one will come. */
  readonly error?: { readonly code: string; readonly message: string } | null;
}

/** Where the progress of one kind of job is shown. */
export interface JobDisplay<Row> {
  show(row: Row): void;
  /** A line of its own. */
  say(line: string): void;
  close(): void;
}

/**
 * Waits until a job has ended and shows its progress on standard error. History tells, not the queue. Ctrl-C ends the
 * command, not the job.
 *
 * @param doing what the lines say, such as `verifying 1b4e28ba-…`
 * @param display where nothing is given, a line at every quarter
 */
export async function watchJob<Row extends Watched>(
  session: CliSession,
  asked: Row,
  doing: string,
  read: (id: string) => Promise<Row | null>,
  display: JobDisplay<Row> = quarters(doing),
): Promise<Row> {
  const interrupt = () => {
    display.close();
    process.stderr.write(`the job goes on without this command: ${doing}\n`);
    process.exit(130);
  };
  process.once('SIGINT', interrupt);
  try {
    for (let look = 1; ; look += 1) {
      const row = await read(asked.id);
      if (row === null) throw fail('JOB_ROW_GONE', { id: asked.id });
      if (row.status !== 'queued' && row.status !== 'running') return row;
      if (row.status === 'running') display.show(row);
      else if (look % LOOKS_PER_REMINDER === 0) display.say(await whyItWaits(session, row));
      await delay(PAUSE);
    }
  } finally {
    process.off('SIGINT', interrupt);
    display.close();
  }
}

function quarters(doing: string): JobDisplay<Watched> {
  let next = 0;
  return {
    show: ({ progress }) => {
      const percent = progress?.percent ?? -1;
      if (percent < next) return;
      process.stderr.write(`${percent.toFixed(1).padStart(5)} %  ${doing}\n`);
      next = Math.floor(percent / 25) * 25 + 25;
    },
    say: (line) => process.stderr.write(`${line}\n`),
    close: () => {},
  };
}

async function whyItWaits(session: CliSession, row: Watched): Promise<string> {
  if (row.error != null) return `waits for its next attempt after ${row.error.code}: ${row.error.message}`;
  const state = await readBackupQueue(session.producer());
  if (state === null) return 'waits: the queue (Redis) cannot be reached now';
  if (state.workers === 0)
    return 'waits: NO WORKER IS CONNECTED; start one, the job runs as soon as it is there';
  return `waits for its turn (${state.workers} worker(s) connected)`;
}
