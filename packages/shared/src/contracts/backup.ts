import { z } from 'zod';
import { sourceName } from '../config/sources.js';

export const backupType = z.enum(['full', 'incremental', 'emergency']);
export const backupStatus = z.enum(['queued', 'running', 'completed', 'failed', 'cancelled', 'missing']);

export type BackupType = z.infer<typeof backupType>;
export type BackupStatus = z.infer<typeof backupStatus>;

/** How far a running job is. All sizes in bytes, times in seconds. */
export const progress = z.object({
  /** What the job does now: `snapshot`, `schema`, `data`, `publish`. */
  phase: z.enum(['snapshot', 'schema', 'data', 'publish']),
  /** 0 to 100, by the sizes of the tables on the source's disk; 100 only when the job is done. */
  percent: z.number().min(0).max(100),
  /** Bytes of the source's tables that are done, of `totalBytes`. */
  doneBytes: z.number(),
  totalBytes: z.number(),
  /** Bytes written to the backup file so far. */
  writtenBytes: z.number(),
  /** Bytes of the source's tables per second, since the dump began. */
  bytesPerSecond: z.number(),
  secondsLeft: z.number().nullable(),
  /** The table that is being dumped. */
  table: z.string().nullable(),
});

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
  promotedReason: z.string().nullable(),
  status: backupStatus,
  baseId: z.uuid().nullable(),
  requestedVia: z.enum(['api', 'cli', 'schedule']),
  requestedBy: z.uuid().nullable(),
  attempts: z.int(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
  fileName: z.string().nullable(),
  /** Size of the backup file in bytes. */
  sizeBytes: z.number().nullable(),
  /** Size of the archive inside it in bytes. */
  archiveBytes: z.number().nullable(),
  /** sha256 of the backup file, hex. */
  checksum: z.string().nullable(),
  keyId: z.string().nullable(),
  compression: z.string().nullable(),
  postgresVersion: z.string().nullable(),
  pgDumpVersion: z.string().nullable(),
  tableCount: z.number().nullable(),
  rowCount: z.number().nullable(),
  largeObjectCount: z.number().nullable(),
  /** Number of this backup among the finished ones of its source, from 1. */
  sequence: z.number().nullable(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
  progress: progress.nullable(),
  /** Retention keeps a held backup, and the base it needs, until somebody takes the hold away. */
  legalHold: z.boolean(),
  legalHoldReason: z.string().nullable(),
  /** When retention removed its files; the row stays, as `missing`. */
  disposedAt: timestamp.nullable(),
  disposedReason: z.string().nullable(),
});

export type Backup = z.infer<typeof backup>;

/** GET /backup/:id */
export const backupId = z.strictObject({ id: z.uuid('it needs the id of a backup, which is a UUID') });

/** GET /backup/history */
export const historyQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
  type: backupType.optional(),
  status: backupStatus.optional(),
  source: sourceName.optional(),
});

export type HistoryQuery = z.infer<typeof historyQuery>;

/** POST /backup/full and /backup/incremental; an empty body means source `main`. */
export const backupRequest = z.strictObject({ source: sourceName.default('main') });

export type BackupRequestBody = z.infer<typeof backupRequest>;

/** The header of every request that may be repeated without a second effect. */
export const idempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'it needs 1 to 255 printable ASCII characters without spaces')
    .optional(),
});

export type IdempotencyHeader = z.infer<typeof idempotencyHeader>;
