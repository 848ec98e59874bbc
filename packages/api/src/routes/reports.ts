import type { Report, ReportDetail } from '@safekeep/shared/contracts/report';
import { fail } from '@safekeep/shared/errors';
import { findReportDetail, listReports } from '@safekeep/shared/history/reports';
import { reportPage } from '@safekeep/shared/report/page';
import { CONTENT_POLICY } from '@safekeep/shared/report/style';
import Negotiator from 'negotiator';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

export async function readReports(
  { pool }: Services,
  { input }: Call<{ query: { limit: number } }>,
): Promise<Answer<Report[]>> {
  return { body: await listReports(pool, input.query.limit) };
}

/** In the order of preference where a client has none. */
const TYPES = ['application/json', 'text/html'];

/** One report: the body that history keeps, or the page that is made from it. */
export async function readReport(
  { pool }: Services,
  { input, audit }: Call<{ params: { id: string }; headers: { accept?: string | undefined } }>,
): Promise<Answer<ReportDetail | string>> {
  const { id } = input.params;
  audit.target = id;
  const type = new Negotiator({ headers: input.headers }).mediaType(TYPES);
  if (type === undefined) throw fail('NOT_ACCEPTABLE', { types: TYPES.join(' or ') });
  const report = await findReportDetail(pool, id);
  if (report === null) throw fail('REPORT_UNKNOWN', { id });
  const headers = { Vary: 'Accept' };
  if (type === 'application/json') return { body: report, headers };
  if (report.body === null) throw fail('REPORT_NOT_COMPLETED', { id, status: report.status });
  return {
    body: reportPage(report.body),
    contentType: 'text/html; charset=utf-8',
    headers: { ...headers, 'Content-Security-Policy': `${CONTENT_POLICY}; frame-ancestors 'none'` },
  };
}
