import { z } from 'zod';
import { sourceName } from '../config/sources.js';
import { wholeNumber } from './whole-number.js';

export const backupType = z.enum(['full', 'incremental', 'emergency']);
const backupStatus = z.enum(['queued', 'running', 'completed', 'failed', 'cancelled', 'missing']);

export type BackupType = z.infer<typeof backupType>;
export const progress = z
  .object({
    phase: z
      .enum(['snapshot', 'schema', 'compare', 'data', 'publish'])
      .describe('What the job does now; `compare`: an incremental looks for what changed since its base.'),
    percent: z
      .number()
      .min(0)
      .max(100)
      .describe("0 to 100, by the sizes of the tables on the source's disk; 100 only when the job is done."),
    doneBytes: z.number().describe("Bytes of the source's tables that are done, of `totalBytes`."),
    totalBytes: z.number(),
    writtenBytes: z.number().describe('Bytes written to the backup file so far.'),
    bytesPerSecond: z.number().describe("Bytes of the source's tables per second, since the dump began."),
    secondsLeft: z.number().nullable().describe('`null` before it can be told.'),
    table: z.string().nullable().describe('The table that is being dumped.'),
  })
  .describe('How far a running job is. All sizes in bytes, times in seconds.');

export type Progress = z.infer<typeof progress>;

/** A time: ISO 8601 in JSON, a Date in code and in history's rows. */
export const timestamp = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (time) => time.toISOString(),
});

/** A backup as history tells it; the body of the API's answers (times become ISO 8601 UTC there). */
export const backup = z.object({
  id: z.uuid(),
  source: z.string(),
  type: backupType,
  requestedType: backupType,
  promotedReason: z
    .string()
    .nullable()
    .describe('Why `type` is not the `requestedType`; `null` where it is.'),
  status: backupStatus,
  baseId: z.uuid().nullable().describe('The backup that an incremental one builds upon.'),
  baseStatus: backupStatus
    .nullable()
    .describe('Of that backup; unless it is `completed`, the incremental one restores nothing.'),
  requestedVia: z.enum(['api', 'cli', 'schedule']),
  requestedBy: z.uuid().nullable().describe('The user who asked; `null` for the command line and schedules.'),
  attempts: z.int(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
  cancelRequestedAt: timestamp
    .nullable()
    .describe(
      'When somebody asked for it to be cancelled; a backup that was published before is `completed` all the same.',
    ),
  fileName: z.string().nullable(),
  sizeBytes: z.number().nullable().describe('Size of the backup file in bytes.'),
  archiveBytes: z.number().nullable().describe('Size of the archive inside it in bytes.'),
  checksum: z.string().nullable().describe('sha256 of the backup file, hex.'),
  keyId: z.string().nullable().describe('Which key opens it; not the key.'),
  compression: z.string().nullable(),
  postgresVersion: z.string().nullable(),
  pgDumpVersion: z.string().nullable(),
  tableCount: z.number().nullable(),
  rowCount: z.number().nullable(),
  largeObjectCount: z.number().nullable(),
  changedTables: z
    .number()
    .nullable()
    .describe('Of an incremental backup: tables that differ from the base; `null` for all others.'),
  changedRows: z
    .number()
    .nullable()
    .describe('Of an incremental backup: rows in it, new or changed since the base; `null` for all others.'),
  sequence: z
    .number()
    .nullable()
    .describe('Number of this backup among the finished ones of its source, from 1.'),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
  progress: progress.nullable(),
  legalHold: z
    .boolean()
    .describe('Retention keeps a held backup, and the base it needs, until somebody takes the hold away.'),
  legalHoldReason: z.string().nullable(),
  disposedAt: timestamp.nullable().describe('When retention removed its files; the row stays, as `missing`.'),
  disposedReason: z.string().nullable(),
});

export type Backup = z.infer<typeof backup>;

/** GET /backup/:id */
export const backupId = z.strictObject({ id: z.uuid('it needs the id of a backup, which is a UUID') });

/** GET /backup/history */
export const historyQuery = z.strictObject({
  limit: wholeNumber(1, 1000, 50),
  offset: wholeNumber(0, 10_000_000, 0),
  type: backupType.optional(),
  status: backupStatus.optional(),
  source: sourceName.optional(),
});

export type HistoryQuery = z.infer<typeof historyQuery>;

/** POST /backup/full and /backup/incremental; an empty body means source `main`. */
export const backupRequest = z
  .strictObject({ source: sourceName.default('main') })
  .meta({ examples: [{ source: 'main' }] });

export type BackupRequestBody = z.infer<typeof backupRequest>;

/** The header of every request that may be repeated without a second effect. */
export const idempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'it needs 1 to 255 printable ASCII characters without spaces')
    .optional(),
});

export type IdempotencyHeader = z.infer<typeof idempotencyHeader>;
