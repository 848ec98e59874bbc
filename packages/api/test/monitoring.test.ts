import { setTimeout as delay } from 'node:timers/promises';
import { monitoringHealth } from '@safekeep/shared/contracts/monitoring';
import { expect } from 'chai';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { addAlert, addBackup, addRecoveryTest, addVerification, emptyHistory } from './history-rows.js';
import { as } from './people.js';
import { startTestApi, type TestApi } from './test-api.js';

const DAY = 86_400;

describe('monitoring', () => {
  let api: TestApi;
  let viewer: { Authorization: string };
  before(async () => {
    api = await startTestApi();
    viewer = await as(api, 'viewer');
  });
  beforeEach(() => emptyHistory(api.pool));
  after(() => api.close());

  const health = () => api.http.get('/backup/monitoring/health');

  /** A source that is as it should be. */
  async function addSoundSource(source: string): Promise<void> {
    const id = await addBackup(api.pool, { source });
    await addVerification(api.pool, id, 'passed');
    await addRecoveryTest(api.pool, id, 'passed', 60);
  }

  describe('GET /backup/monitoring/health', () => {
    it('answers without a token and without history: the seven fields of the manual, in its order', async () => {
      const response = await health();
      expectAnswer(response, 'GET /backup/monitoring/health');
      expect(response.text).to.equal(
        JSON.stringify({
          lastBackupTime: null,
          lastSuccessfulBackup: null,
          backupSuccessRate: 0,
          averageBackupDuration: 0,
          totalBackupSize: 0,
          complianceStatus: 'non_compliant',
          alerts: [],
        }),
      );
    });

    it('tells of each field what history holds', async () => {
      await addBackup(api.pool, { started: 4_500, ended: 4_000, bytes: 5_000 });
      const newest = await addBackup(api.pool, { started: 1_400, ended: 1_000, bytes: 4_368_709_120 });
      // Neither is a file that is kept; both were successes when they were taken.
      await addBackup(api.pool, { status: 'missing', started: 9_300, ended: 9_000, bytes: 700 });
      await addBackup(api.pool, {
        status: 'missing',
        started: 9_300,
        ended: 9_000,
        bytes: 700,
        disposed: true,
      });
      await addBackup(api.pool, { status: 'failed', started: 500, ended: 400, bytes: null });
      await addBackup(api.pool, { status: 'cancelled', started: 800, ended: 700, bytes: null });
      await addBackup(api.pool, { status: 'running', started: 20, ended: null, bytes: null });
      await addBackup(api.pool, { status: 'queued', started: null, ended: null, bytes: null });
      await addBackup(api.pool, { status: 'failed', started: 31 * DAY, ended: 31 * DAY, bytes: null });
      const { rows } = await api.pool.query<{ started: Date; ended: Date }>(
        `SELECT (SELECT started_at FROM backups WHERE status = 'running') AS started,
           (SELECT ended_at FROM backups WHERE id = $1) AS ended`,
        [newest],
      );
      const { body } = await health();
      const shown = (time?: Date) => time?.toISOString().replace(/\..*/, 'Z');
      expect(body).to.deep.equal({
        lastBackupTime: shown(rows[0]?.started),
        lastSuccessfulBackup: shown(rows[0]?.ended),
        backupSuccessRate: 80,
        averageBackupDuration: 375,
        totalBackupSize: 4_368_714_120,
        complianceStatus: 'non_compliant',
        alerts: [],
      });
      expect(body.lastBackupTime).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    });

    it('is compliant when every source that is configured is proven, and tells who is not', async () => {
      await addSoundSource('main');
      expect((await health()).body.complianceStatus, 'lab has no backup').to.equal('non_compliant');
      await addSoundSource('lab');
      // A source that was given up weighs nothing.
      await addBackup(api.pool, { source: 'old', status: 'failed' });
      expect((await health()).body.complianceStatus).to.equal('compliant');
      const failing = await addBackup(api.pool, { source: 'lab', status: 'failed', started: 5, ended: 1 });
      expect((await health()).body.complianceStatus).to.equal('at_risk');
      await api.pool.query('DELETE FROM backups WHERE id = $1', [failing]);
      const id = await addBackup(api.pool, { source: 'lab', started: 5, ended: 4 });
      await addVerification(api.pool, id, 'error', 3);
      expect((await health()).body.complianceStatus, 'could not look').to.equal('compliant');
      await addVerification(api.pool, id, 'failed', 2);
      expect((await health()).body.complianceStatus).to.equal('non_compliant');
      await addVerification(api.pool, id, 'passed', 1);
      expect((await health()).body.complianceStatus).to.equal('compliant');
    });

    it('shows open alerts, the worst first, and what they are about only to people with a token', async () => {
      await addAlert(api.pool, 'size-anomaly', 'warning');
      await addAlert(api.pool, 'backup-failed', 'critical');
      await addAlert(api.pool, 'disk-low', 'critical', true);
      const strangers = await health();
      const known = await health().set(viewer);
      expectAnswer(known, 'GET /backup/monitoring/health');
      const fields = (row: object) => Object.keys(row);
      expect(strangers.body.alerts.map((alert: { rule: string }) => alert.rule)).to.deep.equal([
        'backup-failed',
        'size-anomaly',
      ]);
      expect(fields(strangers.body.alerts[0])).to.deep.equal(['severity', 'rule', 'raisedAt']);
      expect(fields(known.body.alerts[0])).to.deep.equal([
        'severity',
        'rule',
        'raisedAt',
        'source',
        'message',
      ]);
      expect(strangers.text).to.not.include('what it says');
      expect(Object.keys(known.body)).to.deep.equal(Object.keys(monitoringHealth.shape));
    });

    it('costs history one reading for a crowd that asks at one time, and needs one connection for it', async () => {
      const client = await api.pool.connect();
      await client.query('BEGIN');
      await client.query('LOCK TABLE backups IN ACCESS EXCLUSIVE MODE');
      const crowd = Promise.all(Array.from({ length: 40 }, async () => (await health()).status));
      const waiting = async () => {
        const { rows } = await client.query<{ waiting: number }>(
          `SELECT count(*) AS waiting FROM pg_locks JOIN pg_stat_activity USING (pid)
           WHERE NOT granted AND datname = current_database()`,
        );
        return rows[0]?.waiting;
      };
      try {
        while ((await waiting()) === 0) await delay(10);
        expect(await api.pool.query('SELECT 1'), 'others still get a connection').to.include({ rowCount: 1 });
        expect(await waiting()).to.equal(1);
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
      expect(new Set(await crowd)).to.deep.equal(new Set([200]));
    });

    it('refuses a token that is not good, also though none is needed, and parameters that it does not know', async () => {
      expectProblem(await health().set('Authorization', 'Bearer nonsense'), 'TOKEN_INVALID');
      expectProblem(await health().set('Authorization', 'Basic YTpi'), 'TOKEN_MISSING');
      expectProblem(await health().query({ days: 3 }), 'REQUEST_INVALID');
      expectProblem(await api.http.post('/backup/monitoring/health').send({}), 'METHOD_NOT_ALLOWED');
    });

    it('leaves an event of people and none of the machines that ask all the time', async () => {
      const before = (await auditTrail(api.pool)).length;
      await health();
      expect(await auditTrail(api.pool)).to.have.length(before);
      await health().set(viewer);
      expect((await auditTrail(api.pool)).slice(before)).to.have.length(1);
      expect((await auditTrail(api.pool)).at(-1)).to.include({ actor: 'viewer', action: 'monitoring.read' });
    });
  });

  describe('GET /backup/monitoring/statistics', () => {
    const statistics = (query: Record<string, unknown> = {}) =>
      api.http.get('/backup/monitoring/statistics').set(viewer).query(query);

    it('counts nothing where nothing is', async () => {
      const response = await statistics();
      expectAnswer(response, 'GET /backup/monitoring/statistics');
      const { from, to, ...body } = response.body;
      expect(Date.parse(to) - Date.parse(from)).to.equal(30 * DAY * 1_000);
      expect(body).to.deep.equal({
        days: 30,
        backups: {
          completed: 0,
          failed: 0,
          cancelled: 0,
          successRate: null,
          bytesWritten: 0,
          durationSeconds: { average: null, p50: null, p95: null, max: null },
        },
        byDay: [],
        bySource: [],
        verifications: { passed: 0, failed: 0, error: 0 },
        recoveryTests: { passed: 0, failed: 0, error: 0, averageRtoSeconds: null, maxRtoSeconds: null },
        compliance: {
          status: 'non_compliant',
          reasons: ['lab', 'main'].map((source) => ({
            status: 'non_compliant',
            source,
            reason: 'no-backup',
          })),
        },
      });
    });

    it('counts what ended in the days that are asked for, by day, type and source', async () => {
      for (const seconds of [100, 200, 300]) {
        const id = await addBackup(api.pool, { started: 500 + seconds, ended: 500 });
        await addVerification(api.pool, id, seconds === 300 ? 'failed' : 'passed');
        await addRecoveryTest(api.pool, id, 'passed', seconds);
      }
      await addBackup(api.pool, { source: 'lab', type: 'emergency', status: 'missing', bytes: 50 });
      await addBackup(api.pool, { status: 'failed', bytes: null });
      await addBackup(api.pool, { status: 'running', ended: null, bytes: null });
      const old = await addBackup(api.pool, { started: 3 * DAY, ended: 3 * DAY });
      await addVerification(api.pool, old, 'error', 3 * DAY);
      const { body } = await statistics({ days: '2' });
      expect(body.backups).to.deep.equal({
        completed: 4,
        failed: 1,
        cancelled: 0,
        successRate: 80,
        bytesWritten: 3_050,
        durationSeconds: { average: 300, p50: 250, p95: 555, max: 600 },
      });
      expect(body.bySource.map((row: { source: string }) => row.source)).to.deep.equal(['lab', 'main']);
      expect(body.bySource[1]).to.deep.include({
        completed: 3,
        failed: 1,
        successRate: 75,
        bytesWritten: 3_000,
      });
      const types = body.byDay.map((row: { type: string }) => row.type);
      expect(types).to.include('emergency').and.to.include('full');
      const sum = (field: string) =>
        body.byDay.reduce((total: number, row: Record<string, number>) => total + (row[field] ?? 0), 0);
      expect([sum('completed'), sum('failed'), sum('bytesWritten')]).to.deep.equal([4, 1, 3_050]);
      expect(body.verifications).to.deep.equal({ passed: 2, failed: 1, error: 0 });
      expect(body.recoveryTests).to.deep.equal({
        passed: 3,
        failed: 0,
        error: 0,
        averageRtoSeconds: 200,
        maxRtoSeconds: 300,
      });
      expect((await statistics({ days: 4 })).body.backups.completed).to.equal(5);
    });

    for (const days of ['0', '-1', '367', '1.5', 'all', '', '1e9', '30;DROP TABLE backups']) {
      it(`refuses days=${days}`, async () => {
        expectProblem(await statistics({ days }), 'REQUEST_INVALID');
      });
    }

    it('takes 1 to 366 days, and no other parameter', async () => {
      for (const days of [1, 366]) expect((await statistics({ days })).body.days).to.equal(days);
      expectProblem(await statistics({ from: '2024-01-01' }), 'REQUEST_INVALID');
    });
  });
});
