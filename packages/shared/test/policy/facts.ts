import type { ReportFacts, SourceReport } from '../../src/contracts/report-body.js';

export const NOW = new Date('2026-11-24T06:00:00Z');

export const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);
export const daysAgo = (days: number) => hoursAgo(days * 24);

const ID = '5a1ef8b1-0c5f-4b1c-9f4e-0a3b1c9d8e7f';
const HASH = 'ab'.repeat(32);

export function aTest(
  more: Partial<NonNullable<SourceReport['recoveryTests']['newest']>> = {},
): NonNullable<SourceReport['recoveryTests']['newest']> {
  return {
    id: ID,
    backupId: ID,
    fileName: 'full_backup_20261122_020000.pgdump.enc.gz',
    status: 'passed',
    endedAt: daysAgo(2),
    findings: 0,
    rtoSeconds: 1_800,
    rpoSeconds: 3_600,
    rtoTargetSeconds: 14_400,
    rpoTargetSeconds: 93_600,
    reason: null,
    criticalTables: [{ name: 'public.patients', rows: 4_000 }],
    ...more,
  };
}

const RUNS = {
  completed: 1,
  failed: 0,
  cancelled: 0,
  successRate: 100,
  bytes: 1_000,
  averageSeconds: 60,
  longestSeconds: 60,
};

/** A source that is all right. */
export function aSource(more: Partial<SourceReport> = {}): SourceReport {
  return {
    name: 'main',
    configured: true,
    newestSuccess: {
      id: ID,
      fileName: 'full_backup_20261124_020000.pgdump.enc.gz',
      startedAt: hoursAgo(4),
      endedAt: hoursAgo(3.9),
      sizeBytes: 1_000,
      dataAgeSeconds: 14_400,
    },
    kept: {
      count: 30,
      bytes: 30_000,
      oldestAt: daysAgo(30),
      keys: [{ keyId: 'k1', count: 30 }],
      sound: 30,
      damaged: 0,
      neverVerified: 0,
      neverVerifiedOld: 0,
    },
    period: RUNS,
    trend: { ...RUNS, completed: 30 },
    failures: [],
    verifications: {
      period: { passed: 1, failed: 0, error: 0 },
      trend: { passed: 30, failed: 0, error: 0 },
      newestAt: hoursAgo(2),
    },
    damaged: [],
    recoveryTests: {
      trend: { passed: 4, failed: 0, error: 0 },
      newest: aTest(),
      newestPassed: aTest(),
      history: [aTest()],
    },
    storage: { at: hoursAgo(1), freeBytes: 500_000, totalBytes: 1_000_000, backupBytes: 30_000 },
    unknownFiles: [],
    missingFiles: [],
    legalHolds: [],
    days: [
      {
        day: '2026-11-24',
        completed: 1,
        failed: 0,
        bytes: 1_000,
        averageSeconds: 60,
        longestSeconds: 60,
        keptBytes: 30_000,
      },
    ],
    ...more,
  };
}

/** An installation with nothing to complain about. */
export function soundFacts(more: Partial<ReportFacts> = {}): ReportFacts {
  const schedule = { timezone: 'UTC', paused: false, overridden: false, nextRunAt: hoursAgo(-20) };
  return {
    period: { start: daysAgo(1), end: NOW },
    trend: { start: daysAgo(29), end: NOW },
    sources: [aSource()],
    alerts: { raised: 0, resolved: 0, open: [] },
    cleanup: {
      id: ID,
      status: 'completed',
      endedAt: hoursAgo(1),
      keptCount: 30,
      removedCount: 1,
      removedBytes: 1_000,
      failedCount: 0,
      removals: [],
      keptReasons: [],
    },
    disposals: { count: 1, bytes: 1_000, unrecorded: 0, unfinished: 0, trend: [] },
    schedules: [
      { source: 'main', name: 'full', cron: '0 2 * * *', ...schedule },
      { source: '*', name: 'cleanup', cron: '0 5 * * *', ...schedule },
    ],
    audit: {
      head: { seq: 900, hash: HASH, at: hoursAgo(1) },
      firstAt: daysAgo(400),
      eventsInPeriod: 25,
      refusalsInPeriod: 2,
      loginsInTrend: 40,
      failedLoginsInTrend: 3,
      reviewsInTrend: 5,
      newestReviewAt: daysAgo(1),
      checkedEvents: 900,
      brokenAt: null,
      previousHeadStands: true,
    },
    people: [
      { role: 'admin', enabled: 1, disabled: 0 },
      { role: 'auditor', enabled: 2, disabled: 1 },
    ],
    restores: { completed: 0, failed: 0 },
    newestEmergencyAt: daysAgo(40),
    reports: { count: 12, firstAt: daysAgo(12) },
    configuration: {
      version: '0.1.0',
      keyId: 'k1',
      compression: 'gzip:9',
      retentionFullDays: 90,
      retentionIncrementalDays: 30,
      retentionKeepMinimum: 3,
      rtoTargetSeconds: 14_400,
      rpoTargetSeconds: 93_600,
      transports: [{ connection: 'history', protection: 'verified' }],
    },
    ...more,
  };
}
