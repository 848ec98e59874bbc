import { z } from 'zod';
import { timestamp } from './backup.js';
import { checkStatus, verdict } from './verification.js';

// What a report says. Reports are kept for years, so this changes by addition only, or with a new `format`. Sizes are in
// bytes, durations and ages in seconds, days in UTC.

const runs = z
  .object({
    completed: z.int(),
    failed: z.int(),
    cancelled: z.int(),
    successRate: z.number().nullable(),
    bytes: z.number(),
    averageSeconds: z.number().nullable(),
    longestSeconds: z.number().nullable(),
  })
  .describe('Backups that ended in a span of time; `successRate` in percent, `null` without any.');

const verdicts = z.object({ passed: z.int(), failed: z.int(), error: z.int() });

const day = z.object({
  day: z.string().describe('`2026-11-24`'),
  completed: z.int(),
  failed: z.int(),
  bytes: z.number(),
  averageSeconds: z.number().nullable(),
  longestSeconds: z.number().nullable(),
  keptBytes: z
    .number()
    .describe(
      'What the kept backups occupied at the end of the day: measured, or added up where nobody measured.',
    ),
});

const recoveryTestLine = z.object({
  id: z.uuid(),
  backupId: z.uuid(),
  fileName: z.string().nullable(),
  status: checkStatus,
  endedAt: timestamp,
  findings: z.int(),
  rtoSeconds: z.number().nullable(),
  rpoSeconds: z.number().nullable(),
  rtoTargetSeconds: z.number().nullable(),
  rpoTargetSeconds: z.number().nullable(),
  reason: z.string().nullable(),
  criticalTables: z
    .array(z.object({ name: z.string(), rows: z.number() }))
    .describe('Rows of the tables that matter most, as they came back.'),
});

const sourceReport = z.object({
  name: z.string(),
  configured: z
    .boolean()
    .describe(
      'Whether the worker that made the report was told to back this source up; else only its old backups are left.',
    ),
  newestSuccess: z
    .object({
      id: z.uuid(),
      fileName: z.string().nullable(),
      startedAt: timestamp,
      endedAt: timestamp,
      sizeBytes: z.number().nullable(),
      dataAgeSeconds: z
        .number()
        .describe("Age of the newest data that can be restored: since the backup's start."),
    })
    .nullable(),
  kept: z.object({
    count: z.int(),
    bytes: z.number(),
    oldestAt: timestamp.nullable(),
    keys: z
      .array(z.object({ keyId: z.string(), count: z.int() }))
      .describe('How many backups each key opens.'),
    sound: z.int().describe('Those whose newest verdict is `sound`.'),
    damaged: z.int().describe('Those whose newest verdict found damage.'),
    neverVerified: z.int().describe('Those without any verdict.'),
    neverVerifiedOld: z
      .int()
      .describe('Without any verdict although they ended more than a day and a half ago.'),
  }),
  period: runs,
  trend: runs,
  failures: z.array(z.object({ id: z.uuid(), endedAt: timestamp, code: z.string(), message: z.string() })),
  verifications: z.object({ period: verdicts, trend: verdicts, newestAt: timestamp.nullable() }),
  damaged: z.array(
    z.object({
      backupId: z.uuid(),
      fileName: z.string().nullable(),
      verdict: verdict.nullable(),
      reason: z.string().nullable(),
      endedAt: timestamp,
    }),
  ),
  recoveryTests: z.object({
    trend: verdicts,
    newest: recoveryTestLine.nullable(),
    newestPassed: recoveryTestLine.nullable(),
    history: z.array(recoveryTestLine).describe('Those of the trend, oldest first.'),
  }),
  storage: z
    .object({ at: timestamp, freeBytes: z.number(), totalBytes: z.number(), backupBytes: z.number() })
    .nullable(),
  unknownFiles: z
    .array(z.object({ kind: z.string(), name: z.string(), firstSeenAt: timestamp }))
    .describe('Files that history does not know.'),
  missingFiles: z
    .array(z.object({ backupId: z.uuid(), fileName: z.string().nullable() }))
    .describe('Backups whose file is gone without a disposal.'),
  legalHolds: z.array(
    z.object({ backupId: z.uuid(), fileName: z.string().nullable(), reason: z.string().nullable() }),
  ),
  days: z.array(day),
});

const alertLine = z.object({
  rule: z.string(),
  severity: z.enum(['info', 'warning', 'critical']),
  source: z.string().nullable(),
  message: z.string(),
  raisedAt: timestamp,
  acknowledgedAt: timestamp.nullable(),
});

const cleanupRun = z.object({
  id: z.uuid(),
  status: z.string(),
  endedAt: timestamp,
  keptCount: z.int(),
  removedCount: z.int(),
  removedBytes: z.number(),
  failedCount: z.int(),
  removals: z
    .array(
      z.object({
        source: z.string(),
        fileName: z.string().nullable(),
        sizeBytes: z.number().nullable(),
        reason: z.string(),
        outcome: z.string(),
      }),
    )
    .describe('What was removed, or could not be; the kept ones by reason in `keptReasons`.'),
  keptReasons: z.array(z.object({ reason: z.string(), count: z.int() })),
});

const disposal = z.object({
  backupId: z.uuid(),
  source: z.string(),
  fileName: z.string(),
  sizeBytes: z.number().nullable(),
  checksum: z.string().nullable(),
  disposedAt: timestamp,
  reason: z.string(),
});

const scheduleLine = z.object({
  source: z.string(),
  name: z.string(),
  cron: z.string().nullable().describe('`null` when it is off.'),
  timezone: z.string(),
  paused: z.boolean(),
  overridden: z.boolean(),
  nextRunAt: timestamp.nullable(),
});

export const transport = z
  .object({
    connection: z.string(),
    protection: z.enum(['verified', 'encrypted', 'plain', 'local']),
  })
  .describe('How a connection is protected on its way; `local` never leaves the machine.');

export type Transport = z.infer<typeof transport>;

const complianceItem = z.object({
  id: z.string(),
  list: z.enum(['requirements', 'documentation', 'regulation']),
  title: z.string(),
  citation: z.string(),
  status: z.enum(['met', 'missing', 'not measurable by software']),
  evidence: z.string(),
  duty: z.string().nullable().describe('What stays with the organisation.'),
});

export type ComplianceItem = z.infer<typeof complianceItem>;

const attentionPoint = z.object({
  severity: z.enum(['critical', 'warning']),
  source: z.string().nullable(),
  text: z.string(),
  remedy: z.string(),
});

export type AttentionPoint = z.infer<typeof attentionPoint>;

const summary = z.object({
  verdict: z.enum(['protected', 'attention', 'unprotected']),
  headline: z.string(),
  sources: z.int(),
  protectedSources: z.int(),
  points: z.int(),
});

export type ReportSummary = z.infer<typeof summary>;

const span = z.object({ start: timestamp, end: timestamp });

/** What history and the worker's configuration know; what is concluded from it stands beside it in `reportBody`. */
const reportFacts = z.object({
  period: span,
  trend: span,
  sources: z.array(sourceReport),
  alerts: z.object({ raised: z.int(), resolved: z.int(), open: z.array(alertLine) }),
  cleanup: cleanupRun.nullable(),
  disposals: z.object({
    count: z.int(),
    bytes: z.number(),
    unrecorded: z.int().describe('Backups that were disposed of without such a record.'),
    unfinished: z
      .int()
      .describe('Those whose files may be there still, because the cleanup did not come to its end.'),
    trend: z.array(disposal),
  }),
  schedules: z.array(scheduleLine),
  audit: z.object({
    head: z
      .object({ seq: z.int(), hash: z.string(), at: timestamp })
      .nullable()
      .describe('The newest event when the report was made; `null` for an empty trail.'),
    firstAt: timestamp.nullable(),
    eventsInPeriod: z.int(),
    refusalsInPeriod: z.int(),
    loginsInTrend: z.int(),
    failedLoginsInTrend: z.int(),
    reviewsInTrend: z.int().describe('Readings of the audit trail and of reports in the trend.'),
    newestReviewAt: timestamp.nullable(),
    checkedEvents: z.int().describe('How many events were recomputed.'),
    brokenAt: z
      .int()
      .nullable()
      .describe('The first event that does not fit the one before it or its own hash; `null` for none.'),
    previousHeadStands: z
      .boolean()
      .nullable()
      .describe(
        'Whether the head that the report before recorded still stands in the trail; `null` without one.',
      ),
  }),
  people: z.array(z.object({ role: z.string(), enabled: z.int(), disabled: z.int() })),
  restores: z.object({ completed: z.int(), failed: z.int() }),
  newestEmergencyAt: timestamp.nullable(),
  reports: z.object({ count: z.int(), firstAt: timestamp.nullable() }),
  configuration: z.object({
    version: z.string(),
    keyId: z.string().describe('The key that new backups are sealed with.'),
    compression: z.string(),
    retentionFullDays: z.int(),
    retentionIncrementalDays: z.int(),
    retentionKeepMinimum: z.int().describe('Full backups of each source that stay however old they are.'),
    rtoTargetSeconds: z.number(),
    rpoTargetSeconds: z.number(),
    transports: z.array(transport),
  }),
});

export type ReportFacts = z.infer<typeof reportFacts>;
export type SourceReport = z.infer<typeof sourceReport>;
export type RecoveryTestLine = z.infer<typeof recoveryTestLine>;
/** A whole report, as it stands in its JSON file and in history. */
export const reportBody = reportFacts.extend({
  format: z.literal(1),
  id: z.uuid(),
  source: z.string().nullable().describe('The one source it is about; `null` for all.'),
  madeAt: timestamp,
  summary,
  attention: z.array(attentionPoint),
  compliance: z.array(complianceItem),
});

export type ReportBody = z.infer<typeof reportBody>;
