import { z } from 'zod';
import { scheduleName, scheduleSource } from '../contracts/schedule.js';

/** Key prefix of everything in Redis; the hash tag keeps all keys on one node of a Redis Cluster. */
export const QUEUE_PREFIX = '{safekeep}';

export const QUEUES = ['backup', 'verify', 'restore-test', 'cleanup', 'report', 'notify'] as const;
export type QueueName = (typeof QUEUES)[number];

const id = z.uuid();

/** Announces a due time of a schedule; which one is found in history. */
export const dueJob = z.strictObject({ source: scheduleSource, schedule: scheduleName });

/**
 * The data of every job, by queue and job name: ids of history rows, or a schedule, and nothing else, for Redis is
 * readable by more people than history. Producers and workers both check against these.
 */
export const jobContracts = {
  backup: {
    full: z.strictObject({ backupId: id }),
    incremental: z.strictObject({ backupId: id }),
    due: dueJob,
  },
  verify: { verify: z.strictObject({ verificationId: id }), due: dueJob },
  'restore-test': {
    'restore-test': z.strictObject({ recoveryTestId: id }),
    restore: z.strictObject({ restoreId: id }),
    due: dueJob,
  },
  cleanup: { cleanup: z.strictObject({ cleanupRunId: id }), due: dueJob },
  report: { report: z.strictObject({ reportId: id }), due: dueJob },
  notify: { notify: z.strictObject({ notificationId: id }) },
} as const satisfies Record<QueueName, Record<string, z.ZodType>>;

export type JobName<Q extends QueueName> = keyof (typeof jobContracts)[Q] & string;
export type JobData<Q extends QueueName, N extends JobName<Q>> = z.infer<
  Extract<(typeof jobContracts)[Q][N], z.ZodType>
>;
