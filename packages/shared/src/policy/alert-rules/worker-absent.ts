import type { Rule } from './wanted-alert.js';
import { utc } from './wording.js';
import { ABSENT_AFTER, livingWorkers } from './worker-presence.js';

/**
 * No worker has shown itself for a minute, or ever. A process that has just started looks on for as long before it says
 * so, for after a restart of everything the workers are only a little later; what was told already stays told.
 */
export const workerAbsent: Rule = (facts) => {
  if (livingWorkers(facts).length > 0) return [];
  const times = facts.workers.map(({ seenAt }) => seenAt.getTime());
  const last = times.length === 0 ? null : new Date(Math.max(...times));
  const silent = last === null || facts.now.getTime() - last.getTime() > ABSENT_AFTER;
  const watched = facts.watchedSeconds * 1000 > ABSENT_AFTER;
  const told = facts.open.some(({ rule }) => rule === 'worker-absent');
  if (!silent || (!watched && !told)) return [];
  const since = last === null ? 'None has ever been seen.' : `The last one was seen at ${utc(last)}.`;
  return [
    {
      rule: 'worker-absent',
      severity: 'critical',
      source: null,
      subject: '',
      message: `No worker is running, so no backup is taken. ${since} Start one: docker-compose up -d backup, or node packages/worker/dist/main.js.`,
      detail: { lastSeenAt: last?.toISOString() ?? null },
    },
  ];
};
