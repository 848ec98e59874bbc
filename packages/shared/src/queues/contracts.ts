import { z } from 'zod';

/** Key prefix of everything in Redis; the hash tag keeps all keys on one node of a Redis Cluster. */
export const QUEUE_PREFIX = '{safekeep}';

export const QUEUES = ['backup', 'verify', 'restore-test', 'cleanup', 'report', 'notify'] as const;
export type QueueName = (typeof QUEUES)[number];

const id = z.uuid();

/**
 * The data of every job, by queue and job name: ids of history rows and nothing else, for Redis is readable by more
 * people than history. Producers and workers both check against these.
 */
export const jobContracts = {
  backup: {
    full: z.strictObject({ backupId: id }),
    incremental: z.strictObject({ backupId: id }),
  },
  verify: { verify: z.strictObject({ verificationId: id }) },
  'restore-test': {
    'restore-test': z.strictObject({ recoveryTestId: id }),
    restore: z.strictObject({ restoreId: id }),
  },
  cleanup: { cleanup: z.strictObject({ cleanupRunId: id }) },
  report: { report: z.strictObject({ reportId: id }) },
  notify: { notify: z.strictObject({ notificationId: id }) },
} as const satisfies Record<QueueName, Record<string, z.ZodType>>;

export type JobName<Q extends QueueName> = keyof (typeof jobContracts)[Q] & string;
export type JobData<Q extends QueueName, N extends JobName<Q>> = z.infer<
  Extract<(typeof jobContracts)[Q][N], z.ZodType>
>;
