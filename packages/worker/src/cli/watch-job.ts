import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '@safekeep/shared/errors';
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
}

/**
 * Waits until a job has ended, with a line on standard error at every quarter. History tells, not the queue.
 * Ctrl-C ends the command, not the job.
 *
 * @param doing what the lines say, such as `verifying 1b4e28ba-…`
 */
export async function watchJob<Row extends Watched>(
  session: CliSession,
  asked: Row,
  doing: string,
  read: (id: string) => Promise<Row | null>,
): Promise<Row> {
  const interrupt = () => {
    process.stderr.write(`the job goes on without this command: ${doing}\n`);
    process.exit(130);
  };
  process.once('SIGINT', interrupt);
  try {
    return await watch(session, asked.id, doing, read);
  } finally {
    process.off('SIGINT', interrupt);
  }
}

async function watch<Row extends Watched>(
  session: CliSession,
  id: string,
  doing: string,
  read: (id: string) => Promise<Row | null>,
): Promise<Row> {
  let next = 0;
  for (let look = 1; ; look += 1) {
    const row = await read(id);
    if (row === null) throw fail('JOB_ROW_GONE', { id });
    if (row.status !== 'queued' && row.status !== 'running') return row;
    const percent = row.progress?.percent ?? -1;
    if (percent >= next) {
      process.stderr.write(`${percent.toFixed(1).padStart(5)} %  ${doing}\n`);
      next = Math.floor(percent / 25) * 25 + 25;
    }
    if (row.status === 'queued' && look % LOOKS_PER_REMINDER === 0) {
      process.stderr.write(`waits: ${await whyItWaits(session)}\n`);
    }
    await delay(PAUSE);
  }
}

async function whyItWaits(session: CliSession): Promise<string> {
  const state = await session.producer().state();
  if (state === null) return 'the queue (Redis) cannot be reached now';
  return state.workers === 0 ? 'NO WORKER IS CONNECTED; start one' : 'for its turn';
}
