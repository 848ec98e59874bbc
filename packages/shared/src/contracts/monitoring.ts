import { z } from 'zod';
import { severity } from './alert.js';
import { backupType, timestamp } from './backup.js';
import { wholeNumber } from './whole-number.js';

export const complianceStatus = z.enum(['compliant', 'at_risk', 'non_compliant']);

export type ComplianceStatus = z.infer<typeof complianceStatus>;

/** The operations manual writes times without milliseconds, and its readers compare them as text. */
const wholeSecond = z.iso.datetime({ precision: 0 });

/** An open alert; what it is about is for people who logged in. */
const openAlert = z.strictObject({
  severity,
  rule: z.string(),
  raisedAt: wholeSecond,
  source: z.string().nullable().optional(),
  message: z.string().optional(),
});

/** GET /backup/monitoring/health: the seven fields of the operations manual and no others. */
export const monitoringHealth = z.strictObject({
  lastBackupTime: wholeSecond
    .nullable()
    .describe('When the newest run of a backup began, whatever became of it.'),
  lastSuccessfulBackup: wholeSecond
    .nullable()
    .describe('When the newest backup that succeeded ended; its file is there as far as history knows.'),
  backupSuccessRate: z
    .number()
    .min(0)
    .max(100)
    .describe('Percent of the backups that ended within 30 days; 0 without any.'),
  averageBackupDuration: z
    .number()
    .min(0)
    .describe('Seconds, of the successful backups of 30 days; 0 without any.'),
  totalBackupSize: z.number().min(0).describe('Bytes of the backup files that are kept.'),
  complianceStatus,
  alerts: z.array(openAlert),
});

export type MonitoringHealth = z.infer<typeof monitoringHealth>;

/** GET /backup/monitoring/statistics */
export const statisticsQuery = z.strictObject({ days: wholeNumber(1, 366, 30) });

export type StatisticsQuery = z.infer<typeof statisticsQuery>;

const durations = z
  .object({
    average: z.number().nullable(),
    p50: z.number().nullable(),
    p95: z.number().nullable(),
    max: z.number().nullable(),
  })
  .describe('Seconds, of successful backups; `null` without any.');

const outcomes = z
  .object({
    completed: z.number(),
    failed: z.number(),
    cancelled: z.number(),
    successRate: z
      .number()
      .nullable()
      .describe('Percent of those that completed or failed; `null` without any.'),
    bytesWritten: z.number().describe('Bytes of the backup files that were written.'),
    durationSeconds: durations,
  })
  .describe('Backups that ended. A file that is gone by now (`missing`) was a success when it was taken.');

const checks = z.object({ passed: z.number(), failed: z.number(), error: z.number() });

export const statistics = z.object({
  days: z.number(),
  from: timestamp,
  to: timestamp,
  backups: outcomes,
  byDay: z
    .array(
      z.object({
        day: z.iso.date(),
        type: backupType,
        completed: z.number(),
        failed: z.number(),
        cancelled: z.number(),
        bytesWritten: z.number(),
        averageSeconds: z.number().nullable(),
      }),
    )
    .describe('By UTC day and type, oldest first; days on which nothing ended are left out.'),
  bySource: z.array(outcomes.extend({ source: z.string() })),
  verifications: checks,
  recoveryTests: checks.extend({
    averageRtoSeconds: z.number().nullable(),
    maxRtoSeconds: z.number().nullable(),
  }),
  compliance: z
    .object({
      status: complianceStatus,
      reasons: z.array(
        z.object({
          status: z.enum(['at_risk', 'non_compliant']),
          source: z.string().nullable(),
          reason: z.string(),
        }),
      ),
    })
    .describe('What `complianceStatus` of the health says now, and why.'),
});

export type Statistics = z.infer<typeof statistics>;
