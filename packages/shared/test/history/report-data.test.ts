import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { z } from 'zod';
import { appendAudit } from '../../src/audit/audit.js';
import { type ReportFacts, reportBody, type SourceReport } from '../../src/contracts/report-body.js';
import { readReportFacts, spansAt } from '../../src/history/report-data.js';
import { findReportDetail, insertReport, listReports, writeReport } from '../../src/history/reports.js';
import { composeReport } from '../../src/report/compose.js';
import { GB, SETTINGS, thirtyDays } from '../report/thirty-days.js';
import { openHistory, type TestHistory } from '../servers.js';

const NOW = new Date('2026-11-24T06:30:00Z');
const time = (text: string) => new Date(`2026-11-${text}Z`);

describe('the facts of a report', () => {
  let history: TestHistory;
  let facts: ReportFacts;
  const source = (name: string) => facts.sources.find((row) => row.name === name) as SourceReport;
  before(async () => {
    history = await openHistory();
    await thirtyDays(history.pool, NOW);
    facts = await readReportFacts(history.pool, SETTINGS, null, NOW);
  });
  after(() => history.close());

  it('are about the last day, and thirty days of UTC with today', () => {
    expect(spansAt(NOW)).to.deep.equal({
      period: { start: time('23T06:30:00'), end: NOW },
      trend: { start: new Date('2026-10-26T00:00:00Z'), end: NOW },
    });
    expect(facts.sources.map((row) => row.name)).to.deep.equal(['main', 'billing', 'lab']);
  });

  it('count a good source exactly', () => {
    const { period, trend, kept, verifications, newestSuccess, failures } = source('main');
    expect(period).to.deep.equal({
      completed: 1,
      failed: 0,
      cancelled: 0,
      successRate: 100,
      bytes: 5 * GB,
      averageSeconds: 900,
      longestSeconds: 900,
    });
    expect(trend).to.deep.include({
      completed: 30,
      bytes: 150 * GB,
      averageSeconds: 755,
      longestSeconds: 900,
    });
    expect(kept).to.deep.equal({
      count: 30,
      bytes: 150 * GB,
      oldestAt: new Date('2026-10-26T02:10:10Z'),
      keys: [
        { keyId: '0123456789abcdef', count: 21 },
        { keyId: 'fedcba9876543210', count: 9 },
      ],
      sound: 30,
      damaged: 0,
      neverVerified: 0,
      neverVerifiedOld: 0,
    });
    expect(verifications).to.deep.equal({
      period: { passed: 1, failed: 0, error: 0 },
      trend: { passed: 30, failed: 0, error: 0 },
      newestAt: time('24T04:00:00'),
    });
    expect(newestSuccess).to.deep.include({ startedAt: time('24T02:00:00'), dataAgeSeconds: 16_200 });
    expect(failures).to.deep.equal([]);
  });

  it('show failures with their reason, and the rate in percent', () => {
    const { period, trend, failures, newestSuccess } = source('billing');
    expect(period).to.deep.include({
      completed: 0,
      failed: 1,
      successRate: 0,
      bytes: 0,
      averageSeconds: null,
    });
    expect(trend).to.deep.include({ completed: 28, failed: 2, successRate: 93.3 });
    expect(failures).to.have.length(1);
    expect(failures[0]).to.include({ code: 'DISK_FULL', message: 'The backup directory is full.' });
    expect(newestSuccess?.dataAgeSeconds).to.equal(28.5 * 3_600);
  });

  it('tell damaged, unverified, missing and unknown files apart', () => {
    const { kept, damaged, missingFiles, unknownFiles } = source('lab');
    expect(kept).to.deep.include({ count: 29, sound: 27, damaged: 1, neverVerified: 1, neverVerifiedOld: 0 });
    expect(damaged.map((row) => [row.fileName, row.verdict])).to.deep.equal([
      ['full_backup_20261121_020000.pgdump.enc.gz', 'checksum'],
    ]);
    expect(missingFiles.map((row) => row.fileName)).to.deep.equal([
      'full_backup_20261104_020000.pgdump.enc.gz',
    ]);
    expect(unknownFiles.map((row) => row.name)).to.deep.equal(['dump <of> "friday".sql']);
  });

  it('compare recovery tests with the targets of their day', () => {
    expect(source('billing').recoveryTests.newest).to.deep.include({
      status: 'passed',
      rtoSeconds: 18_000,
      rpoSeconds: 3_600,
      rtoTargetSeconds: 14_400,
      rpoTargetSeconds: 93_600,
      findings: 0,
    });
    const { newest, newestPassed, trend, history: all } = source('lab').recoveryTests;
    expect(newest).to.deep.include({ status: 'failed', findings: 2, endedAt: time('22T03:00:00') });
    expect(newestPassed?.endedAt).to.deep.equal(time('15T03:00:00'));
    expect(newestPassed?.criticalTables).to.deep.equal([{ name: 'public.patients', rows: 4_000 }]);
    expect(trend).to.deep.equal({ passed: 3, failed: 1, error: 0 });
    expect(all.map((row) => row.status)).to.deep.equal(['passed', 'passed', 'passed', 'failed']);
  });

  it('add the kept bytes up day by day, or take what was measured', () => {
    const { days } = source('billing');
    expect(days).to.have.length(30);
    expect(days[0]).to.deep.include({ day: '2026-10-26', completed: 1, failed: 0, keptBytes: 2 * GB });
    expect(days[17]).to.deep.include({
      day: '2026-11-12',
      completed: 0,
      failed: 1,
      bytes: 0,
      keptBytes: 34 * GB,
    });
    expect(days[29]).to.deep.include({ day: '2026-11-24', failed: 1, keptBytes: 56 * GB });
    const main = source('main').days;
    expect([main[0]?.keptBytes, main[29]?.keptBytes]).to.deep.equal([84 * GB, 200 * GB]);
    expect(source('main').storage).to.deep.include({ totalBytes: 4_000 * GB, backupBytes: 200 * GB });
  });

  it('tell what the last real cleanup decided, and what was disposed of', () => {
    expect(facts.cleanup).to.deep.include({
      status: 'completed',
      endedAt: time('24T05:00:00'),
      keptCount: 3,
      removedCount: 1,
      removedBytes: 4 * GB,
      failedCount: 0,
      keptReasons: [
        { reason: 'N days old; full backups are kept for 90 days', count: 2 },
        { reason: 'legal hold', count: 1 },
      ],
    });
    expect(facts.disposals).to.deep.include({ count: 1, bytes: 4 * GB, unrecorded: 0, unfinished: 0 });
    expect(facts.disposals.trend[0]).to.include({ source: 'main', reason: 'older than 90 days' });
  });

  it('list schedules in force with their next run, alerts, holds and people', () => {
    const schedules = facts.schedules.map(
      (row) => `${row.source} ${row.name} ${row.cron} ${row.nextRunAt?.toISOString()}`,
    );
    expect(schedules).to.have.length(14);
    expect(schedules).to.include('main full 0 2 * * * 2026-11-25T02:00:00.000Z');
    expect(schedules).to.include('lab verify 0 3 * * 0 undefined');
    expect(schedules.at(-1)).to.equal('* report 30 6 * * * 2026-11-25T06:30:00.000Z');
    expect(facts.alerts.open.map((row) => row.rule)).to.deep.equal(['backup-failed', 'disk-low']);
    expect(facts.alerts).to.include({ raised: 1, resolved: 1 });
    expect(source('main').legalHolds).to.have.length(2);
    expect(facts.people).to.deep.equal([
      { role: 'admin', enabled: 1, disabled: 0 },
      { role: 'operator', enabled: 1, disabled: 0 },
      { role: 'auditor', enabled: 1, disabled: 0 },
      { role: 'viewer', enabled: 0, disabled: 1 },
    ]);
  });

  it('can be about one source, with what concerns all', async () => {
    const one = await readReportFacts(history.pool, SETTINGS, 'lab', NOW);
    expect(one.sources.map((row) => row.name)).to.deep.equal(['lab']);
    expect(one.schedules.map((row) => row.source)).to.deep.equal(['lab', 'lab', 'lab', 'lab', '*', '*']);
    expect(one.alerts.open.map((row) => row.rule)).to.deep.equal(['disk-low']);
    expect(one.cleanup).to.include({ keptCount: 1, removedCount: 0 });
    expect(one.disposals.count).to.equal(0);
  });

  it('keep old backups of a source in sight that is no longer backed up', async () => {
    const without = await readReportFacts(history.pool, { ...SETTINGS, sourceNames: ['main'] }, null, NOW);
    expect(without.sources.map((row) => [row.name, row.configured])).to.deep.equal([
      ['main', true],
      ['billing', false],
      ['lab', false],
    ]);
  });

  it('hold nothing on the first day, and nothing fails', async () => {
    const empty = await openHistory();
    const first = await readReportFacts(empty.pool, SETTINGS, null, NOW);
    expect(first.sources).to.have.length(3);
    expect(first.sources[0]).to.deep.include({
      newestSuccess: null,
      storage: null,
      missingFiles: [],
      damaged: [],
    });
    expect(first.sources[0]?.period).to.deep.include({
      completed: 0,
      successRate: null,
      averageSeconds: null,
    });
    expect(first.sources[0]?.days).to.have.length(30);
    expect(first.audit).to.deep.include({
      head: null,
      checkedEvents: 0,
      brokenAt: null,
      previousHeadStands: null,
    });
    expect(first).to.deep.include({ cleanup: null, schedules: [], people: [], newestEmergencyAt: null });
    await empty.close();
  });
});

describe('the audit trail in a report', () => {
  let history: TestHistory;
  before(async () => {
    history = await openHistory();
  });
  after(() => history.close());

  const add = (action: string, result: 'ok' | 'refused' = 'ok') =>
    appendAudit(history.pool, {
      actor: { id: null, name: 'ada', address: null },
      action,
      target: null,
      result,
    });
  /** The clock of this process is coarser than the database's. */
  const soon = () => new Date(Date.now() + 1_000);
  const read = async () => (await readReportFacts(history.pool, SETTINGS, null, soon())).audit;
  /** As somebody would who owns the database. */
  const tamper = (sql: string) =>
    history.pool.query(
      `ALTER TABLE audit_events DISABLE TRIGGER USER; ${sql}; ALTER TABLE audit_events ENABLE TRIGGER USER`,
    );

  it('is counted, and its head recorded', async () => {
    await add('login');
    await add('login', 'refused');
    await add('report.read');
    await add('audit.read');
    await add('audit.read', 'refused');
    const audit = await read();
    expect(audit).to.deep.include({
      eventsInPeriod: 5,
      refusalsInPeriod: 2,
      loginsInTrend: 1,
      failedLoginsInTrend: 1,
      reviewsInTrend: 2,
      checkedEvents: 5,
      brokenAt: null,
    });
    const { rows } = await history.pool.query(
      `SELECT encode(hash, 'hex') AS hash FROM audit_events WHERE seq = 5`,
    );
    expect(audit.head).to.deep.include({ seq: 5, hash: rows[0].hash });
  });

  it('keeps its head in every report, so a later one sees that the trail was replaced', async () => {
    const body = composeReport(await readReportFacts(history.pool, SETTINGS, null, new Date()), {
      id: randomUUID(),
      source: null,
      now: new Date(),
    });
    await insertReport(history.pool, { id: body.id, source: null, requestedVia: 'cli', requestedBy: null });
    await writeReport(history.pool, body.id, { body, stem: 'report_x', jsonSha256: 'a', htmlSha256: 'b' });
    await add('login');
    expect((await read()).previousHeadStands).to.equal(true);
    await history.pool.query(`UPDATE reports SET body = jsonb_set(body, '{audit,head,hash}', '"00"')`);
    expect((await read()).previousHeadStands).to.equal(false);
  });

  for (const [what, sql, broken] of [
    ['edited', `UPDATE audit_events SET actor = 'eve' WHERE seq = 3`, 3],
    ['removed', 'DELETE FROM audit_events WHERE seq = 3', 4],
    ['cut off at its beginning', 'DELETE FROM audit_events WHERE seq < 3', 3],
  ] as const) {
    it(`is found broken where it was ${what}`, async () => {
      await history.pool.query('CREATE TABLE kept AS SELECT * FROM audit_events');
      await tamper(sql);
      expect((await read()).brokenAt).to.equal(broken);
      await tamper('DELETE FROM audit_events; INSERT INTO audit_events SELECT * FROM kept');
      await history.pool.query('DROP TABLE kept');
      expect((await read()).brokenAt).to.equal(null);
    });
  }
});

describe('the reports in history', () => {
  let history: TestHistory;
  before(async () => {
    history = await openHistory();
  });
  after(() => history.close());

  it('come back as they were written, newest first', async () => {
    await thirtyDays(history.pool, NOW);
    const ids = [randomUUID(), randomUUID()] as const;
    for (const id of ids) {
      await insertReport(history.pool, { id, source: null, requestedVia: 'schedule', requestedBy: null });
    }
    const facts = await readReportFacts(history.pool, SETTINGS, null, NOW);
    const body = composeReport(facts, { id: ids[0], source: null, now: NOW });
    await writeReport(history.pool, ids[0], {
      body,
      stem: 'report_20261124_063000',
      jsonSha256: 'a',
      htmlSha256: 'b',
    });
    const found = await findReportDetail(history.pool, ids[0]);
    expect(found?.body).to.deep.equal(body);
    expect(z.decode(reportBody, JSON.parse(JSON.stringify(z.encode(reportBody, body))))).to.deep.equal(body);
    expect(found).to.deep.include({
      status: 'completed',
      headline: body.summary.headline,
      periodEnd: NOW,
      files: {
        json: { name: 'report_20261124_063000.json', sha256: 'a' },
        html: { name: 'report_20261124_063000.html', sha256: 'b' },
      },
    });
    expect((await listReports(history.pool, 10)).map((row) => row.id)).to.deep.equal([ids[1], ids[0]]);
    expect(await listReports(history.pool, 1)).to.have.length(1);
    expect(await findReportDetail(history.pool, randomUUID())).to.equal(null);
  });
});
