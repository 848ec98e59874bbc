import { z } from 'zod';
import type { Report, ReportDetail } from '../contracts/report.js';
import { type ReportBody, reportBody } from '../contracts/report-body.js';
import type { Database } from './database.js';

const COLUMNS = `
  r.id, r.status, r.source, r.headline, r.period_start AS "periodStart",
  r.period_end AS "periodEnd",
  CASE WHEN r.json_sha256 IS NOT NULL THEN jsonb_build_object(
    'json', jsonb_build_object('name', r.file_name || '.json', 'sha256', r.json_sha256),
    'html', jsonb_build_object('name', r.file_name || '.html', 'sha256', r.html_sha256)) END AS files,
  r.requested_via AS "requestedVia", r.requested_by AS "requestedBy", r.created_at AS "createdAt",
  r.started_at AS "startedAt", r.ended_at AS "endedAt", r.error_code AS "errorCode", r.reason`;

interface NewReport {
  readonly id: string;
  readonly source: string | null;
  readonly requestedVia: 'api' | 'cli' | 'schedule';
  readonly requestedBy: string | null;
}

export async function insertReport(db: Database, given: NewReport): Promise<Report> {
  const { rows } = await db.query<Report>(
    `INSERT INTO reports AS r (id, source, status, requested_via, requested_by)
     VALUES ($1, $2, 'queued', $3, $4) RETURNING ${COLUMNS}`,
    [given.id, given.source, given.requestedVia, given.requestedBy],
  );
  return rows[0] as Report;
}

export async function findReport(db: Database, id: string): Promise<Report | null> {
  const { rows } = await db.query<Report>(`SELECT ${COLUMNS} FROM reports r WHERE r.id = $1`, [id]);
  return rows[0] ?? null;
}

/** A report with what it says. */
export async function findReportDetail(db: Database, id: string): Promise<ReportDetail | null> {
  const { rows } = await db.query<Report & { body: z.input<typeof reportBody> | null }>(
    `SELECT ${COLUMNS}, r.body FROM reports r WHERE r.id = $1`,
    [id],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return { ...row, body: row.body === null ? null : z.decode(reportBody, row.body) };
}

/** Newest first. */
export async function listReports(db: Database, limit: number): Promise<Report[]> {
  const { rows } = await db.query<Report>(
    `SELECT ${COLUMNS} FROM reports r ORDER BY r.created_at DESC, r.id DESC LIMIT $1`,
    [limit],
  );
  return rows;
}

/** What a report came to: its body, and its files' name (without the ending) and hashes. */
export interface FinishedReport {
  readonly body: ReportBody;
  readonly stem: string;
  readonly jsonSha256: string;
  readonly htmlSha256: string;
}

export async function writeReport(db: Database, id: string, finished: FinishedReport): Promise<void> {
  const { body, stem, jsonSha256, htmlSha256 } = finished;
  await db.query(
    `UPDATE reports SET status = 'completed', ended_at = now(), body = $2, file_name = $3, json_sha256 = $4,
       html_sha256 = $5, period_start = $6, period_end = $7, error_code = NULL, reason = NULL WHERE id = $1`,
    [
      id,
      JSON.stringify(z.encode(reportBody, body)),
      stem,
      jsonSha256,
      htmlSha256,
      body.period.start,
      body.period.end,
    ],
  );
}

/** The names under which earlier runs of a report began to write files. */
export async function listAbandonedFiles(db: Database, id: string): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT file_name AS name FROM runs WHERE subject_id = $1 AND state <> 'running' AND file_name IS NOT NULL`,
    [id],
  );
  return rows.map((row) => row.name);
}
