import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { QUEUE_PREFIX } from '@safekeep/shared/queues/contracts';
import { Queue, Worker } from 'bullmq';
import { expect } from 'chai';
import { expectProblem } from './expectations.js';
import { type Line, parseExposition } from './exposition.js';
import { addAlert, addBackup, addRecoveryTest, addVerification, emptyHistory } from './history-rows.js';
import { as } from './people.js';
import { servers } from './servers.js';
import { startTestApi, type TestApi } from './test-api.js';

/** No scrape may take longer, in milliseconds; Prometheus gives up after 10 s. */
const PATIENCE = 8_000;

/** A scrape's text is kept for a second; the next one is waited for with pauses of this many milliseconds. */
const PAUSE = 50;

describe('GET /backup/monitoring/metrics', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());

  const request = () => api.http.get('/backup/monitoring/metrics').timeout(PATIENCE);

  /** The value of a series, by its name and some of its labels. */
  function find(
    lines: readonly Line[],
    name: string,
    labels: Record<string, string> = {},
  ): number | undefined {
    return lines.find(
      (line) =>
        line.name === name && Object.entries(labels).every(([key, text]) => line.labels[key] === text),
    )?.value;
  }

  /** Scrapes until one series has this value; the lines of that scrape. */
  async function scrapeUntil(
    name: string,
    labels: Record<string, string>,
    value: number | undefined,
  ): Promise<Line[]> {
    for (;;) {
      const response = await request();
      expect(response.status, response.text).to.equal(200);
      const { lines } = parseExposition(response.text);
      if (find(lines, name, labels) === value) return lines;
      await delay(PAUSE);
    }
  }

  it('is Prometheus’ text, needs no token, and every name begins with safekeep_ or is prom-client’s own', async () => {
    await addBackup(api.pool);
    const response = await request();
    expect(response.status).to.equal(200);
    expect(response.headers['content-type']).to.equal('text/plain; version=0.0.4; charset=utf-8');
    expect(response.headers['cache-control']).to.equal('no-store');
    const { lines, types } = parseExposition(response.text);
    for (const name of types.keys()) expect(name).to.match(/^(safekeep|process|nodejs)_/);
    expect(types.get('safekeep_backup_duration_seconds')).to.equal('histogram');
    expect(types.get('safekeep_backup_written_bytes_total')).to.equal('counter');
    expect(find(lines, 'process_cpu_seconds_total')).to.be.a('number');
    expect(find(lines, 'safekeep_build_info', { version: '0.1.0' })).to.equal(1);
  });

  it('has no label but the bounded ones', async () => {
    const names = new Set(
      parseExposition((await request()).text)
        .lines.filter(({ name }) => name.startsWith('safekeep_'))
        .flatMap(({ labels }) => Object.keys(labels)),
    );
    const bounded = ['source', 'type', 'status', 'queue', 'state', 'schedule', 'severity', 'le', 'version'];
    expect([...names].filter((name) => !bounded.includes(name))).to.deep.equal([]);
  });

  it('tells what history holds, and a source without backups has 0 as its times', async () => {
    await emptyHistory(api.pool);
    for (const seconds of [10, 45, 7_300]) await addBackup(api.pool, { started: seconds + 100, ended: 100 });
    const id = await addBackup(api.pool, { started: 50, ended: 20, bytes: 7_000 });
    await addBackup(api.pool, { status: 'missing', started: 101_000, ended: 1_000, bytes: 500 });
    await addBackup(api.pool, { status: 'failed', started: 15, ended: 10, bytes: null });
    await addVerification(api.pool, id, 'failed', 5);
    await addRecoveryTest(api.pool, id, 'passed', 77.5, 4);
    await addAlert(api.pool, 'backup-failed', 'critical');
    await addAlert(api.pool, 'disk-low', 'warning', true);
    await api.pool.query(
      `INSERT INTO storage_samples (source, at, free_bytes, total_bytes, backup_bytes)
       VALUES ('main', now() - interval '1 hour', 9, 10, 1), ('main', now(), 4000000000, 8000000000, 1)`,
    );
    const lines = await scrapeUntil('safekeep_backups', { status: 'failed' }, 1);
    const main = { source: 'main' };
    const full = { ...main, type: 'full' };
    const value = (name: string, labels: Record<string, string> = main) => find(lines, name, labels);
    expect(value('safekeep_history_up', {})).to.equal(1);
    expect(value('safekeep_backups', { ...full, status: 'completed' })).to.equal(4);
    expect(value('safekeep_backups', { ...full, status: 'failed' })).to.equal(1);
    expect(value('safekeep_verifications', { ...full, status: 'failed' })).to.equal(1);
    expect(value('safekeep_recovery_tests', { ...full, status: 'passed' })).to.equal(1);
    expect(value('safekeep_backup_written_bytes_total', full)).to.equal(10_500);
    expect(value('safekeep_backup_kept_bytes', full)).to.equal(10_000);
    const bucket = (le: string) => value('safekeep_backup_duration_seconds_bucket', { ...full, le });
    expect(['10', '30', '60', '7200', '14400', '86400', '+Inf'].map(bucket)).to.deep.equal([
      1, 2, 3, 3, 4, 4, 5,
    ]);
    expect(value('safekeep_backup_duration_seconds_count', full)).to.equal(5);
    expect(value('safekeep_backup_duration_seconds_sum', full)).to.equal(107_385);
    const now = Date.now() / 1_000;
    expect(value('safekeep_last_success_timestamp_seconds')).to.be.closeTo(now - 20, 30);
    expect(value('safekeep_newest_data_timestamp_seconds')).to.be.closeTo(now - 50, 30);
    expect(value('safekeep_last_verification_timestamp_seconds')).to.be.closeTo(now - 5, 30);
    expect(value('safekeep_last_passed_verification_timestamp_seconds')).to.equal(0);
    expect(value('safekeep_last_passed_recovery_test_timestamp_seconds')).to.be.closeTo(now - 4, 30);
    expect(value('safekeep_last_backup_ok')).to.equal(0);
    expect(value('safekeep_last_verification_ok')).to.equal(0);
    expect(value('safekeep_last_recovery_test_ok')).to.equal(1);
    expect(value('safekeep_unsound_backups')).to.equal(1);
    expect(value('safekeep_last_rto_seconds')).to.equal(77.5);
    expect(value('safekeep_rto_target_seconds', {})).to.equal(14_400);
    expect(value('safekeep_rpo_target_seconds', {})).to.equal(93_600);
    expect(value('safekeep_open_alerts', { severity: 'critical' })).to.equal(1);
    expect(value('safekeep_open_alerts', { severity: 'warning' })).to.equal(0);
    expect(value('safekeep_storage_free_bytes')).to.equal(4_000_000_000);
    expect(value('safekeep_storage_total_bytes')).to.equal(8_000_000_000);
    expect(value('safekeep_compliance_status', {})).to.equal(2);
    expect(value('safekeep_last_success_timestamp_seconds', { source: 'lab' })).to.equal(0);
    expect(value('safekeep_last_backup_ok', { source: 'lab' })).to.equal(undefined);
  });

  it('tells what the queues hold, who is connected to them and what is due next', async () => {
    const { redis } = await servers();
    const connection = { url: redis.url };
    const worker = new Worker('verify', null, { connection, prefix: QUEUE_PREFIX });
    await worker.waitUntilReady();
    const queue = new Queue('backup', { connection, prefix: QUEUE_PREFIX });
    try {
      await api.http.post('/backup/full').set(await as(api, 'operator'));
      await queue.upsertJobScheduler('full.main', { pattern: '0 2 * * *' }, { name: 'due', data: {} });
      const lines = await scrapeUntil('safekeep_workers', { queue: 'verify' }, 1);
      const due = find(lines, 'safekeep_schedule_next_run_timestamp_seconds', {
        schedule: 'full',
        source: 'main',
      });
      expect(new Date(1_000 * (due ?? 0)).toISOString()).to.match(/T\d\d:00:00/);
      expect(find(lines, 'safekeep_queue_jobs', { queue: 'backup', state: 'waiting' })).to.equal(1);
      expect(find(lines, 'safekeep_queue_jobs', { queue: 'backup', state: 'delayed' })).to.equal(1);
      expect(find(lines, 'safekeep_queue_jobs', { queue: 'notify', state: 'failed' })).to.equal(0);
      expect(find(lines, 'safekeep_workers', { queue: 'verify' })).to.equal(1);
      expect(find(lines, 'safekeep_workers', { queue: 'backup' })).to.equal(0);
      expect(find(lines, 'safekeep_redis_up')).to.equal(1);
    } finally {
      await Promise.all([worker.close(), queue.close()]);
    }
  });

  it('reads history once for many scrapes at a time', async () => {
    const texts = await Promise.all(Array.from({ length: 20 }, async () => (await request()).text));
    expect(new Set(texts.map((text) => text.split('# HELP process_')[0])).size).to.be.at.most(2);
  });

  it('answers without Redis, and says so', async () => {
    const { redis } = await servers();
    await redis.stop();
    try {
      const lines = await scrapeUntil('safekeep_redis_up', {}, 0);
      expect(find(lines, 'safekeep_queue_jobs')).to.equal(undefined);
      expect(find(lines, 'safekeep_history_up')).to.equal(1);
      expect(find(lines, 'safekeep_backups')).to.be.a('number');
    } finally {
      await redis.restart();
      await once(api.redis, 'ready');
    }
  });

  it('answers while history hangs, says so, and tells no old values', async () => {
    const client = await api.pool.connect();
    await client.query('BEGIN');
    await client.query('LOCK TABLE backups IN ACCESS EXCLUSIVE MODE');
    try {
      const lines = await scrapeUntil('safekeep_history_up', {}, 0);
      expect(
        lines.filter(({ labels }) => labels.source !== undefined && labels.schedule === undefined),
      ).to.deep.equal([]);
      expect(find(lines, 'safekeep_redis_up')).to.equal(1);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
    await scrapeUntil('safekeep_history_up', {}, 1);
  });

  it('answers without history, and the log tells why', async () => {
    const { postgres } = await servers();
    await postgres.stop('immediate');
    try {
      await scrapeUntil('safekeep_history_up', {}, 0);
      expect(api.log()).to.include('metrics without history');
      expectProblem(await api.http.get('/backup/monitoring/health').timeout(PATIENCE), 'HISTORY_UNAVAILABLE');
    } finally {
      await postgres.restart();
    }
    await scrapeUntil('safekeep_history_up', {}, 1);
  });
});

describe('GET /backup/monitoring/metrics with METRICS_TOKEN', () => {
  const TOKEN = 'a-token-for-prometheus';
  let api: TestApi;
  before(async () => {
    api = await startTestApi({ metricsToken: TOKEN });
  });
  after(() => api.close());

  const request = () => api.http.get('/backup/monitoring/metrics');

  it('answers who has it', async () => {
    const response = await request().set('Authorization', `Bearer ${TOKEN}`);
    expect(response.status).to.equal(200);
    expect(response.text).to.include('safekeep_history_up 1').and.not.include(TOKEN);
  });

  it('refuses everybody else, an administrator too', async () => {
    expectProblem(await request(), 'METRICS_TOKEN_WRONG');
    for (const sent of [`Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, 'Bearer', `Basic ${TOKEN}`, TOKEN]) {
      expectProblem(await request().set('Authorization', sent), 'METRICS_TOKEN_WRONG');
    }
    expectProblem(await request().set(await as(api, 'admin')), 'METRICS_TOKEN_WRONG');
  });
});
