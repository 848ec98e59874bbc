import type pg from 'pg';
import type { ReportFacts, SourceReport } from '../contracts/report-body.js';
import { type Database, inTransaction } from './database.js';
import { readAudit } from './report-audit.js';
import {
  listSourcesWithBackups,
  readDays,
  readFailures,
  readLegalHolds,
  readMismatches,
  readNewestSuccess,
  readRuns,
  readStorage,
  type Span,
} from './report-backups.js';
import {
  countReports,
  readAlerts,
  readCleanup,
  readDisposals,
  readNewestEmergency,
  readPeople,
  readRestores,
} from './report-operations.js';
import { readDamaged, readKept, readRecoveryTests, readVerifications } from './report-proofs.js';
import { readSchedules } from './report-schedules.js';

type ReportConfiguration = ReportFacts['configuration'];

/** What history does not know: the configuration of the worker that makes the report. */
export interface ReportSettings extends Readonly<ReportConfiguration> {
  readonly sourceNames: readonly string[];
}

interface Spans {
  readonly period: Span;
  readonly trend: Span;
}

const DAY = 86_400_000;
/** Today and the days before it. */
const TREND_DAYS = 30;

/** The last 24 hours, and the last 30 days of UTC with today. */
export function spansAt(now: Date): Spans {
  const today = Date.parse(`${dayOf(now)}T00:00:00Z`);
  return {
    period: { start: new Date(now.getTime() - DAY), end: now },
    trend: { start: new Date(today - (TREND_DAYS - 1) * DAY), end: now },
  };
}

const dayOf = (time: Date) => time.toISOString().slice(0, 10);

/**
 * Everything a report tells, read in one snapshot of history, so that its figures fit together.
 * @param source the one source it is about; `null` for all.
 */
export async function readReportFacts(
  pool: pg.Pool,
  settings: ReportSettings,
  source: string | null,
  now: Date,
): Promise<ReportFacts> {
  const spans = spansAt(now);
  const { sourceNames, ...configuration } = settings;
  return inTransaction(pool, async (db) => {
    await db.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const names =
      source === null ? [...new Set([...sourceNames, ...(await listSourcesWithBackups(db))])] : [source];
    const sources: SourceReport[] = [];
    for (const name of names) {
      sources.push(await readSource(db, name, sourceNames.includes(name), spans));
    }
    return {
      ...spans,
      sources,
      alerts: await readAlerts(db, source, spans.period),
      cleanup: await readCleanup(db, source),
      disposals: await readDisposals(db, source, spans.trend),
      schedules: await readSchedules(db, source, now),
      audit: await readAudit(db, spans),
      people: await readPeople(db),
      restores: await readRestores(db, source, spans.trend),
      newestEmergencyAt: await readNewestEmergency(db, source),
      reports: await countReports(db),
      configuration,
    };
  });
}

async function readSource(
  db: Database,
  name: string,
  configured: boolean,
  spans: Spans,
): Promise<SourceReport> {
  const { period, trend } = spans;
  return {
    name,
    configured,
    newestSuccess: await readNewestSuccess(db, name, period.end),
    kept: await readKept(db, name, period.end),
    period: await readRuns(db, name, period),
    trend: await readRuns(db, name, trend),
    failures: await readFailures(db, name, period),
    verifications: await readVerifications(db, name, spans),
    damaged: await readDamaged(db, name),
    recoveryTests: await readRecoveryTests(db, name, trend),
    storage: await readStorage(db, name),
    ...(await readMismatches(db, name)),
    legalHolds: await readLegalHolds(db, name),
    days: await readDays(db, name, dayOf(trend.start), dayOf(trend.end)),
  };
}
