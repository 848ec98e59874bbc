import { type AuditEvent, appendAudit } from '@safekeep/shared/audit/audit';
import type { Report } from '@safekeep/shared/contracts/report';
import type { Database } from '@safekeep/shared/history/database';
import { type ReportSettings, readReportFacts } from '@safekeep/shared/history/report-data';
import {
  type FinishedReport,
  findReport,
  listAbandonedFiles,
  writeReport,
} from '@safekeep/shared/history/reports';
import { nameRunFile, type Run } from '@safekeep/shared/history/runs';
import { createRowProcessor } from '@safekeep/shared/jobs/row-processor';
import type { Logger } from '@safekeep/shared/logger';
import { composeReport } from '@safekeep/shared/report/compose';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import type pg from 'pg';
import { WORKER } from '../actor.js';
import { freeStem, reportNames, writeReportFiles } from './report-files.js';

interface ReportProcessorDeps {
  readonly pool: pg.Pool;
  readonly logger: Logger;
  readonly settings: ReportSettings;
  /** The folder `reports` of the backup directory. */
  readonly storage: BackupStorage;
}

/** The processor of queue `report`: facts of one moment, what follows from them, two files, one row. */
export function createReportProcessor(deps: ReportProcessorDeps) {
  return createRowProcessor<Report, FinishedReport>(deps, {
    table: 'reports',
    read: findReport,
    work: async (report, { run, signal, note }) => {
      await deps.storage.check();
      await clearAbandoned(deps, report.id);
      const now = run.startedAt;
      const facts = await readReportFacts(deps.pool, deps.settings, report.source, now);
      const body = composeReport(facts, { id: report.id, source: report.source, now });
      signal.throwIfAborted();
      const finished = await writeReportFiles(deps.storage, await claimStem(deps, run, now), body);
      note(body.summary.headline);
      return finished;
    },
    finish: async (db, id, finished, report) => {
      await writeReport(db, id, finished);
      const { stem, jsonSha256, htmlSha256, body } = finished;
      const detail = { file: stem, json: jsonSha256, html: htmlSha256, points: body.summary.points };
      await audit(db, report, 'ok', detail);
    },
    finished: async (report, finished) => {
      const { stem, body } = finished;
      deps.logger.info('report written', { reportId: report.id, file: stem });
      return { file: stem, headline: body.summary.headline };
    },
    gaveUp: (db, report, error) => audit(db, report, 'failed', { code: error.code }),
  });
}

/** A name that history knows before a file has it, so that a successor finds what a dead run left. */
async function claimStem(deps: ReportProcessorDeps, run: Run, now: Date): Promise<string> {
  const stem = await freeStem(deps.storage, now);
  await nameRunFile(deps.pool, run, stem);
  return stem;
}

/** Hidden files of earlier runs of this report; what a run had published before it died stays as it is. */
async function clearAbandoned(deps: ReportProcessorDeps, id: string): Promise<void> {
  for (const stem of await listAbandonedFiles(deps.pool, id)) {
    await deps.storage.discard(Object.values(reportNames(stem)));
  }
}

async function audit(
  db: Database,
  report: Report,
  result: AuditEvent['result'],
  detail: Record<string, string | number>,
): Promise<void> {
  const action = result === 'ok' ? 'report.completed' : 'report.failed';
  await appendAudit(db, { actor: WORKER, action, target: report.id, result, detail });
}
