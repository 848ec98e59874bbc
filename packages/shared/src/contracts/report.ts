import { z } from 'zod';
import { sourceName } from '../config/sources.js';
import { timestamp } from './backup.js';
import { reportBody } from './report-body.js';
import { wholeNumber } from './whole-number.js';

const reportFile = z.object({ name: z.string(), sha256: z.string() });

/** A report without what it says. */
export const report = z.object({
  id: z.uuid(),
  status: z.enum(['queued', 'running', 'completed', 'failed']),
  source: z.string().nullable().describe('The one source it is about; `null` for all.'),
  headline: z.string().nullable().describe('Its first sentence; `null` before it is completed.'),
  periodStart: timestamp
    .nullable()
    .describe('What it is about in detail; `trend` of the body goes further back.'),
  periodEnd: timestamp.nullable().describe('`null` before it is completed.'),
  files: z
    .object({ json: reportFile, html: reportFile })
    .nullable()
    .describe('In the folder `reports` of the backup directory.'),
  requestedVia: z.enum(['api', 'cli', 'schedule']),
  requestedBy: z.uuid().nullable(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
  errorCode: z.string().nullable(),
  reason: z.string().nullable(),
});

export type Report = z.infer<typeof report>;

/** The answer of GET /backup/reports/:id as JSON. */
export const reportDetail = report.extend({ body: reportBody.nullable() });

export type ReportDetail = z.infer<typeof reportDetail>;

/** POST /backup/report; an empty body means all sources. */
export const reportRequest = z.strictObject({ source: sourceName.optional() });

/** GET /backup/reports */
export const reportsQuery = z.strictObject({
  limit: wholeNumber(1, 1000, 50),
});

/** What GET /backup/reports/:id answers in: JSON, or the page. */
export const acceptHeader = z.object({
  accept: z
    .string()
    .optional()
    .describe('`application/json` (also without this header) or `text/html`, for the page that people read.'),
});

/** GET /backup/reports/:id */
export const reportId = z.strictObject({ id: z.uuid('it needs the id of a report, which is a UUID') });
