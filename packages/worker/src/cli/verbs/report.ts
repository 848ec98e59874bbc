import { fail } from '@safekeep/shared/errors';
import { findReport, findReportDetail } from '@safekeep/shared/history/reports';
import { requestReport } from '@safekeep/shared/queues/request-report';
import { reportText } from '@safekeep/shared/report/text';
import { print } from '../print.js';
import { exitCodeOfError, hintOf } from '../recorded-error.js';
import type { CliSession } from '../session.js';
import { watchJob } from '../watch-job.js';

/** `backup.sh report`: has a report made, and prints its summary and where its files are. Its findings do not fail it. */
export async function reportVerb(session: CliSession): Promise<number> {
  const { pool, actor, options, config } = session;
  const deps = { pool, producer: session.producer(), sourceNames: config.sourceNames };
  const asked = await requestReport(deps, { source: options.source ?? null, via: 'cli', actor });
  if (options.wait === false) {
    print(options, asked, () => `queued report ${asked.id}`);
    return 0;
  }
  const ended = await watchJob(session, asked, `making report ${asked.id}`, (id) => findReport(pool, id));
  const detail = await findReportDetail(pool, ended.id);
  if (detail === null) throw fail('JOB_ROW_GONE', { id: ended.id });
  const { body, files } = detail;
  print(options, detail, () =>
    body === null || files === null
      ? `the report failed: ${detail.errorCode}: ${detail.reason}${hintOf(detail.errorCode)}`
      : `${reportText(body)}\n\nreport ${detail.id}\n  ${config.BACKUP_DIR}/reports/${files.html.name}\n  ${config.BACKUP_DIR}/reports/${files.json.name}`,
  );
  return detail.status === 'completed' ? 0 : exitCodeOfError(detail.errorCode);
}
