import { count } from '../../format.js';
import type { LivingRun } from '../alert-facts.js';
import type { Rule, WantedAlert } from './wanted-alert.js';
import { utc } from './wording.js';
import { ABSENT_AFTER, livingWorkers } from './worker-presence.js';

/** A run that was silent for longer should have been taken over by another worker, in milliseconds. */
const SILENT_FOR = 2 * ABSENT_AFTER;
/** Building an index or waiting for a lock shows no progress for a while, in milliseconds. */
const STANDING_FOR = 30 * 60_000;
/** What waits longer although workers are there and do nothing else in this queue, in milliseconds. */
const WAITING_FOR = 60 * 60_000;

/** A job that should go on and does not: its run is silent or stands still, or it waits while workers are idle. */
export const jobStalled: Rule = (facts) => {
  const { now, runs, waiting } = facts;
  const older = (time: Date, limit: number) => now.getTime() - time.getTime() > limit;
  const silent = runs.filter((run) => older(run.heartbeatAt, SILENT_FOR)).map(silentRun);
  const standing = runs
    .filter((run) => !older(run.heartbeatAt, SILENT_FOR) && older(run.progressAt, STANDING_FOR))
    .map(standingRun);
  const stuck = waiting.filter(
    ({ since, busy }) => !busy && older(since, WAITING_FOR) && livingWorkers(facts).length > 0,
  );
  return [
    ...silent,
    ...standing,
    ...stuck.map(({ queue, jobs, since }) =>
      stalled(
        null,
        queue,
        `${count(jobs, 'job waits', 'jobs wait')} in the queue "${queue}", the first since ${utc(since)}, although workers are running and none is busy with it. Look in the workers' logs, then restart them.`,
        { queue, jobs },
      ),
    ),
  ];
};

function silentRun(run: LivingRun): WantedAlert {
  const text = `A job of the queue "${run.queue}" on ${run.worker} has given no sign of life since ${utc(run.heartbeatAt)}, and no worker has taken it over. Start a worker, or restart this one if it is frozen.`;
  return stalled(run.source, run.subjectId, text, { queue: run.queue, worker: run.worker });
}

function standingRun(run: LivingRun): WantedAlert {
  const text = `A job of the queue "${run.queue}" on ${run.worker} has made no progress since ${utc(run.progressAt)}. Look for a lock or a slow disk on the server it works with; restarting the worker starts the job again.`;
  return stalled(run.source, run.subjectId, text, { queue: run.queue, worker: run.worker });
}

function stalled(
  source: string | null,
  subject: string,
  message: string,
  detail: WantedAlert['detail'],
): WantedAlert {
  return { rule: 'job-stalled', severity: 'warning', source, subject, message, detail };
}
