import type { Config } from '../config/load.js';
import type { EnvironmentName } from '../config/schema.js';
import { ALL_SOURCES, type ScheduleName, scheduleName } from '../contracts/schedule.js';
import type { ScheduleRow } from '../history/schedules.js';
import type { QueueName } from '../queues/contracts.js';
import {
  backupRequest,
  cleanupRequest,
  recoveryTestRequest,
  reportRequest,
  type ScheduledRequest,
  verificationsRequest,
} from './requests.js';

interface ScheduleKind {
  /** The queue that carries its due times. */
  readonly queue: QueueName;
  /** Whether each source has one, or all together. */
  readonly perSource: boolean;
  readonly variable: Exclude<EnvironmentName & `SCHEDULE_${string}`, 'SCHEDULE_TIMEZONE'>;
  readonly request: ScheduledRequest;
}

/** All that is scheduled. */
export const SCHEDULE_KINDS: Readonly<Record<ScheduleName, ScheduleKind>> = {
  full: { queue: 'backup', perSource: true, variable: 'SCHEDULE_FULL', request: backupRequest('full') },
  incremental: {
    queue: 'backup',
    perSource: true,
    variable: 'SCHEDULE_INCREMENTAL',
    request: backupRequest('incremental'),
  },
  test: { queue: 'verify', perSource: true, variable: 'SCHEDULE_TEST', request: verificationsRequest },
  verify: {
    queue: 'restore-test',
    perSource: true,
    variable: 'SCHEDULE_VERIFY',
    request: recoveryTestRequest,
  },
  cleanup: { queue: 'cleanup', perSource: false, variable: 'SCHEDULE_CLEANUP', request: cleanupRequest },
  report: { queue: 'report', perSource: false, variable: 'SCHEDULE_REPORT', request: reportRequest },
};

/** The queues that carry due times. */
export const SCHEDULED_QUEUES: readonly QueueName[] = [
  ...new Set(Object.values(SCHEDULE_KINDS).map((kind) => kind.queue)),
];

/** What the environment wants of one schedule. */
export type ConfiguredSchedule = Pick<ScheduleRow, 'source' | 'name' | 'envCron' | 'timezone'>;

export function configuredSchedules(config: Config): ConfiguredSchedule[] {
  return scheduleName.options.flatMap((name) => {
    const { perSource, variable } = SCHEDULE_KINDS[name];
    const envCron = config[variable];
    const sources = perSource ? config.sourceNames : [ALL_SOURCES];
    return sources.map((source) => ({ source, name, envCron, timezone: config.SCHEDULE_TIMEZONE }));
  });
}
