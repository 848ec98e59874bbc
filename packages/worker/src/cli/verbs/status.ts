import type { Backup } from '@safekeep/shared/contracts/backup';
import { ALL_SOURCES, type Schedule } from '@safekeep/shared/contracts/schedule';
import { SafekeepError } from '@safekeep/shared/errors';
import { bytes, duration, time } from '@safekeep/shared/format';
import { listBackups } from '@safekeep/shared/history/backups';
import { translateOutage } from '@safekeep/shared/history/outage';
import { type QueueState, readBackupQueue } from '@safekeep/shared/queues/queue-figures';
import { showSchedules } from '@safekeep/shared/schedules/show';
import { chosenSources } from '../chosen-sources.js';
import { print, table } from '../print.js';
import type { CliSession } from '../session.js';

interface SourceStatus {
  readonly source: string;
  readonly running: Backup | null;
  readonly lastCompleted: Backup | null;
  readonly lastFailed: Backup | null;
}

interface Status {
  readonly historyReachable: boolean;
  readonly queue: QueueState | null;
  readonly sources: readonly SourceStatus[];
  readonly schedules: readonly Schedule[];
}

/** `backup.sh status`: exits with 4 when a service cannot be reached, and says which. */
export async function statusVerb(session: CliSession): Promise<number> {
  const names = chosenSources(session.config.sourceNames, session.options);
  const queue = await readBackupQueue(session.producer());
  const read = await readHistory(session, names);
  const status: Status = {
    historyReachable: read !== null,
    queue,
    ...(read ?? { sources: [], schedules: [] }),
  };
  print(session.options, status, () => formatStatus(status));
  return status.historyReachable && queue !== null ? 0 : 4;
}

async function readHistory(
  session: CliSession,
  names: readonly string[],
): Promise<Pick<Status, 'sources' | 'schedules'> | null> {
  try {
    const sources = await Promise.all(names.map((name) => readSource(session, name)));
    const schedules = await showSchedules(session.pool);
    const about = [...names, ALL_SOURCES];
    return { sources, schedules: schedules.filter(({ source }) => about.includes(source)) };
  } catch (error) {
    const known = translateOutage(error);
    if (known instanceof SafekeepError) return null;
    throw error;
  }
}

async function readSource(session: CliSession, source: string): Promise<SourceStatus> {
  const newest = async (status: Backup['status']) => {
    const { backups } = await listBackups(session.pool, { source, status, limit: 1, offset: 0 });
    return backups[0] ?? null;
  };
  const [running, lastCompleted, lastFailed] = [
    await newest('running'),
    await newest('completed'),
    await newest('failed'),
  ];
  return { source, running, lastCompleted, lastFailed };
}

function formatStatus(status: Status): string {
  const { queue } = status;
  const lines = [
    `history  ${status.historyReachable ? 'reachable' : 'NOT REACHABLE: start it or correct HISTORY_DATABASE_URL'}`,
    `queue    ${queue === null ? 'NOT REACHABLE: start Redis or correct REDIS_URL' : 'reachable'}`,
  ];
  if (queue !== null) {
    lines.push(
      `workers  ${queue.workers === 0 ? 'NONE: nothing will run until one is started' : queue.workers}`,
    );
    lines.push(`backups  ${queue.active} running, ${queue.waiting} waiting`);
  }
  const rows = status.sources.map(({ source, running, lastCompleted, lastFailed }) => [
    source,
    running === null ? '' : `${running.progress?.percent ?? 0} %`,
    lastCompleted === null ? 'never' : time(lastCompleted.endedAt),
    lastCompleted === null ? '' : duration(lastCompleted.startedAt, lastCompleted.endedAt),
    lastCompleted === null ? '' : bytes(lastCompleted.sizeBytes),
    lastFailed === null ? '' : `${time(lastFailed.endedAt)} ${lastFailed.error?.code ?? ''}`,
  ]);
  if (rows.length > 0) {
    lines.push('', table(['source', 'running', 'last backup (UTC)', 'took', 'size', 'last failure'], rows));
  }
  if (status.schedules.length > 0) {
    const columns = ['schedule', 'source', 'cron', 'time zone', 'next run (UTC)', 'last due (UTC)'];
    lines.push('', table(columns, status.schedules.map(scheduleRow)));
  }
  return lines.join('\n');
}

function scheduleRow(schedule: Schedule): string[] {
  const { name, source, cron, timezone, nextRun, lastDueAt, lastLate } = schedule;
  const next = nextRun === null ? (schedule.paused ? 'paused' : 'off') : time(nextRun);
  const last = lastDueAt === null ? '' : `${time(lastDueAt)}${lastLate ? ' (late)' : ''}`;
  return [name, source, cron, timezone, next, last];
}
