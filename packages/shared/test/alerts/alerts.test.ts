import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'bullmq';
import { expect } from 'chai';
import type pg from 'pg';
import winston from 'winston';
import type { RedisServer } from '../../../../scripts/services/redis.js';
import { acknowledgeAlert } from '../../src/alerts/acknowledge-alert.js';
import { evaluateAlerts } from '../../src/alerts/evaluate.js';
import { type AlertWatch, lookOnce } from '../../src/alerts/watch-alerts.js';
import { Secret } from '../../src/config/secret.js';
import { type Alert, alertRule } from '../../src/contracts/alert.js';
import { listAlerts } from '../../src/history/alerts.js';
import type { Channels } from '../../src/notify/channels.js';
import { startNotifyWorker } from '../../src/notify/notify-worker.js';
import { Producer } from '../../src/queues/producer.js';
import { type MailReceiver, receiveMail, receiveWeb, type WebReceiver } from '../notify/receivers.js';
import { contentOf } from '../queues/content.js';
import { openHistory, redisServer, type TestHistory } from '../servers.js';
import { backupRow, REMEDIES, SITUATIONS, WORKER } from './situations.js';

/** Whoever sees one of these where it should not be has found a leak. */
const MARKER = 'MARKERsecret';

describe('alerts', () => {
  let history: TestHistory;
  let redis: RedisServer;
  let web: WebReceiver;
  let mail: MailReceiver;
  let watch: AlertWatch;
  let notifier: Worker;
  const log: string[] = [];
  /** What stood in history and in the messages of all tests so far. */
  const seen: string[] = [];

  before(async () => {
    [redis, web, mail] = await Promise.all([redisServer(), receiveWeb(), receiveMail()]);
  });
  after(async () => {
    await Promise.all([web.close(), mail.close(), redis.stop()]);
  });
  beforeEach(async () => {
    history = await openHistory(20);
    await history.pool.query(WORKER);
    web.received.length = 0;
    mail.received.length = 0;
    web.answer = { status: 200 };
    watch = watchOf(channels());
    notifier = startNotifyWorker(watch, new Secret(redis.url));
  });
  afterEach(async () => {
    await notifier.close();
    seen.push(
      await textOfHistory(),
      ...web.received.map(({ body }) => body),
      ...mail.received.map((one) => one.text),
    );
    await watch.producer.close();
    await history.close();
  });

  function channels(): Channels {
    return {
      smtp: {
        url: new Secret(`smtp://me:${MARKER}@127.0.0.1:${mail.port}`),
        from: 's@c.example',
        to: ['a@c.example'],
      },
      webhook: { url: new Secret(`${web.url}/${MARKER}`), secret: new Secret(`${MARKER}-signing`) },
      slack: null,
      heartbeat: null,
      allowedHosts: ['127.0.0.1'],
    };
  }

  function watchOf(given: Channels, more: Partial<AlertWatch> = {}): AlertWatch {
    const stream = new Writable({
      write(chunk, _encoding, done) {
        log.push(String(chunk));
        done();
      },
    });
    const logger = winston.createLogger({
      format: winston.format.json(),
      transports: [new winston.transports.Stream({ stream })],
    });
    const producer = more.producer ?? new Producer(new Secret(redis.url), () => {});
    const base = { pool: history.pool, logger, channels: given, service: 'api', producer } as const;
    return { ...base, pauseAfter: () => 20, notifyOnSuccess: false, ...more };
  }

  async function textOfHistory(): Promise<string> {
    const tables = ['alerts', 'notifications', 'audit_events'];
    const rows = await Promise.all(
      tables.map((table) => sql(`SELECT row_to_json(t)::text AS text FROM ${table} t`)),
    );
    return rows.flatMap((result) => result.rows.map(({ text }) => text)).join('\n');
  }

  const look = () => lookOnce(watch, 3600);
  const sql = (text: string) => history.pool.query(text);
  const alerts = (state: 'open' | 'all' | 'resolved' = 'open'): Promise<Alert[]> =>
    listAlerts(history.pool, { limit: 100, state });
  const events = () =>
    web.received.map(({ body }) => {
      const { event, alert } = JSON.parse(body);
      return `${event} ${alert?.rule ?? '-'}`;
    });
  /** Waits for a state; mocha's timeout is the bound. */
  async function until(wanted: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await wanted())) await delay(20);
  }
  const settled = () =>
    until(async () => {
      const { rows } = await history.pool.query(
        `SELECT FROM notifications WHERE status IN ('queued', 'running')`,
      );
      return rows.length === 0;
    });

  it('of every rule reach the mail server and the webhook, and so does their end', async () => {
    for (const rule of alertRule.options) await sql(SITUATIONS[rule]);
    await look();
    const open = await alerts();
    expect(new Set(open.map(({ rule }) => rule)), 'every rule').to.deep.equal(new Set(alertRule.options));
    await settled();
    for (const { rule, severity, message } of open) {
      expect(events(), rule).to.include(`raised ${rule}`);
      const subject = `Subject: [Safekeep] ${severity.toUpperCase()}: ${rule}`;
      expect(
        mail.received.some(({ text }) => text.replace(/\r\n /g, ' ').includes(subject)),
        rule,
      ).to.equal(true);
      expect(message).to.not.contain('SMITH');
    }
    expect(web.received).to.have.length(open.length);
    expect(mail.received).to.have.length(open.length);

    for (const rule of alertRule.options) await sql(REMEDIES[rule]);
    await look();
    await settled();
    expect(await alerts()).to.deep.equal([]);
    for (const { rule } of open) expect(events()).to.include(`resolved ${rule}`);
    expect(web.received).to.have.length(2 * open.length);
  });

  it('about damage stay critical when the next look at the backup could not be taken', async () => {
    const later = `now() + interval '1 second'`;
    await sql(SITUATIONS['verification-failed'] + SITUATIONS['recovery-test-failed']);
    await look();
    const before = await alerts();
    await sql(
      `INSERT INTO verifications (id, backup_id, status, requested_via, ended_at, error_code)
         SELECT gen_random_uuid(), backup_id, 'error', 'cli', ${later}, 'KEY_UNKNOWN' FROM verifications;
       INSERT INTO recovery_tests (id, backup_id, status, requested_via, ended_at, error_code)
         SELECT gen_random_uuid(), backup_id, 'error', 'cli', ${later}, 'SCRATCH_UNAVAILABLE' FROM recovery_tests;`,
    );
    await look();
    expect(before.map(({ severity }) => severity)).to.deep.equal(['critical', 'critical']);
    expect(await alerts()).to.deep.equal(before);
  });

  it('say in the table that shrank among many which one it was', async () => {
    await sql(SITUATIONS['size-anomaly']);
    await look();
    const [alert] = await alerts();
    expect(alert).to.include({ rule: 'size-anomaly', severity: 'critical', source: 'shrunk' });
    expect(alert?.message).to.contain('table public.patients: 10 rows after 100');
    expect(alert?.message).to.not.contain('appointments');
  });

  it('are raised once and told once by eight processes at once', async () => {
    await sql(SITUATIONS['backup-failed']);
    const eight = Array.from({ length: 8 }, () => look());
    await Promise.all(eight);
    await look();
    await settled();
    expect(await alerts('all')).to.have.length(1);
    expect(events()).to.deep.equal(['raised backup-failed']);
    expect(mail.received).to.have.length(1);
  });

  it('do not wait for a process that freezes while it looks: the server ends its transaction', async () => {
    const client = await history.pool.connect();
    const query = client.query.bind(client) as (text: string, values?: unknown[]) => Promise<pg.QueryResult>;
    let limit: string | undefined;
    const observed = async (text: string, values?: unknown[]) => {
      if (/FROM schedules/.test(text)) {
        const { rows } = await query('SHOW idle_in_transaction_session_timeout');
        limit = rows[0]?.idle_in_transaction_session_timeout;
      }
      return query(text, values);
    };
    const process = { query: observed, on: () => {}, off: () => {}, release: () => client.release() };
    const pool = { connect: async () => process } as unknown as pg.Pool;
    expect(await evaluateAlerts({ ...watch, pool }, 3600)).to.not.equal(null);
    expect(limit).to.equal('10s');
  });

  it('change with what they are about, and are told again when they become graver', async () => {
    const sample = (free: number) =>
      sql(
        `INSERT INTO storage_samples VALUES ('main', now() + interval '1 ms' * ${1000 - free}, ${free}, 1000, 1)`,
      );
    await sample(90);
    await look();
    const [before] = await alerts();
    await sample(80);
    await look();
    const [after] = await alerts();
    expect(after).to.include({ id: before?.id, severity: 'warning' });
    expect(after?.message).to.not.equal(before?.message);
    await settled();
    expect(events()).to.deep.equal(['raised disk-low']);
    await sample(40);
    await look();
    await settled();
    expect(await alerts('all')).to.have.length(1);
    expect(events()).to.deep.equal(['raised disk-low', 'raised disk-low']);
    expect(JSON.parse(web.received[1]?.body ?? '').alert.severity).to.equal('critical');
  });

  it('that nothing changes about are not touched', async () => {
    await sql(SITUATIONS['backup-failed']);
    await look();
    const before = await alerts();
    await look();
    expect(await alerts()).to.deep.equal(before);
  });

  it('are raised anew when their cause comes back', async () => {
    await sql(SITUATIONS['missing-files']);
    await look();
    await sql(`UPDATE backups SET status = 'completed'`);
    await look();
    await sql(`UPDATE backups SET status = 'missing'`);
    await look();
    expect((await alerts('all')).map(({ resolvedAt }) => resolvedAt === null)).to.deep.equal([true, false]);
    await settled();
    expect(events().toSorted()).to.deep.equal([
      'raised missing-files',
      'raised missing-files',
      'resolved missing-files',
    ]);
  });

  it('that were acknowledged stay so, stay open, and leave an audit event', async () => {
    await sql(SITUATIONS['backup-failed']);
    await look();
    const [alert] = await alerts();
    const actor = { id: null, name: 'cli:me', address: null };
    const once = await acknowledgeAlert(history.pool, alert?.id ?? '', actor);
    const twice = await acknowledgeAlert(history.pool, alert?.id ?? '', actor);
    expect(once.acknowledgedAt).to.be.instanceOf(Date);
    expect(twice.acknowledgedAt).to.deep.equal(once.acknowledgedAt);
    await look();
    expect((await alerts())[0]?.acknowledgedAt).to.deep.equal(once.acknowledgedAt);
    await acknowledgeAlert(history.pool, randomUUID(), actor).then(
      () => expect.fail('an unknown alert was acknowledged'),
      (error) => expect(error.code).to.equal('ALERT_UNKNOWN'),
    );
    const trail = await sql(
      `SELECT result FROM audit_events WHERE action = 'alert.acknowledged' ORDER BY seq`,
    );
    expect(trail.rows.map(({ result }) => result)).to.deep.equal(['ok', 'ok', 'refused']);
  });

  it('are tried until the receiver comes back, and each attempt carries the same id', async () => {
    web.answer = { status: 503 };
    await sql(SITUATIONS['backup-failed']);
    await look();
    await until(() => web.received.length >= 3);
    web.answer = { status: 200 };
    await settled();
    expect(new Set(web.received.map(({ headers }) => headers['x-safekeep-id'])).size).to.equal(1);
    const { rows } = await sql(
      `SELECT status, attempts, reason FROM notifications WHERE channel = 'webhook'`,
    );
    expect(rows[0]).to.include({ status: 'sent', reason: null });
    expect(rows[0].attempts).to.be.greaterThan(3);
  });

  it('that a channel never takes end as failed, and the other channel tells so', async () => {
    web.answer = { status: 404 };
    await sql(SITUATIONS['backup-failed']);
    await look();
    await settled();
    const { rows } = await sql(
      `SELECT status, attempts, reason FROM notifications WHERE channel = 'webhook'`,
    );
    expect(rows).to.deep.equal([
      {
        status: 'failed',
        attempts: 8,
        reason: 'The channel webhook did not take the notification: it answered HTTP 404.',
      },
    ]);
    await look();
    await settled();
    expect(mail.received.some(({ text }) => /notification-failed/.test(text))).to.equal(true);
    const trail = await sql(`SELECT action FROM audit_events WHERE action LIKE 'notify.%' ORDER BY action`);
    expect(new Set(trail.rows.map(({ action }) => action))).to.deep.equal(
      new Set(['notify.failed', 'notify.sent']),
    );
  });

  it('blame no channel for a test that the queue did not take', async () => {
    await sql(
      `INSERT INTO notifications (id, channel, event, status, ended_at, error_code, reason)
       VALUES (gen_random_uuid(), 'smtp', 'test', 'failed', now(), 'QUEUE_UNAVAILABLE', 'The queue is away.')`,
    );
    await look();
    expect(await alerts()).to.deep.equal([]);
  });

  it('that are lost between history and queue are sent after the next look', async () => {
    await sql(SITUATIONS['backup-failed']);
    await evaluateAlerts(watch, 3600);
    await sql(`UPDATE notifications SET created_at = now() - interval '1 minute'`);
    await look();
    await settled();
    expect(events()).to.deep.equal(['raised backup-failed']);
  });

  it('reach the receivers without Redis', async () => {
    const away = watchOf(channels(), { producer: new Producer(new Secret('redis://127.0.0.1:1'), () => {}) });
    await sql(SITUATIONS['backup-failed']);
    await lookOnce(away, 3600);
    expect(events()).to.deep.equal(['raised backup-failed']);
    expect(mail.received).to.have.length(1);
    await away.producer.close();
  });

  it('keep no process from ending: what it does not send any more waits for another one', async () => {
    const away = watchOf(channels(), { producer: new Producer(new Secret('redis://127.0.0.1:1'), () => {}) });
    await sql(SITUATIONS['backup-failed']);
    await lookOnce(away, 3600, AbortSignal.abort());
    expect(web.received).to.deep.equal([]);
    await sql(`UPDATE notifications SET created_at = now() - interval '1 minute'`);
    await look();
    await settled();
    expect(events()).to.deep.equal(['raised backup-failed']);
    await away.producer.close();
  });

  it('keep no process from ending while history is away and cannot be told what was sent', async () => {
    const stop = new AbortController();
    const awayAtTheEnd = (db: pg.Pool | pg.PoolClient) => async (text: string, values?: unknown[]) => {
      if (!/SET status = \$3/.test(text)) return db.query(text, values);
      stop.abort();
      throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
    };
    const connect = async () => {
      const client = await history.pool.connect();
      return Object.assign(Object.create(client), { query: awayAtTheEnd(client) });
    };
    const pool = { query: awayAtTheEnd(history.pool), connect } as unknown as pg.Pool;
    const producer = new Producer(new Secret('redis://127.0.0.1:1'), () => {});
    await sql(SITUATIONS['backup-failed']);
    await lookOnce({ ...watchOf(channels(), { producer }), pool }, 3600, stop.signal).catch(() => {});
    const { rows } = await sql(`SELECT status FROM notifications WHERE status = 'running'`);
    expect(rows).to.have.length(1);
    await producer.close();
  });

  it('are only kept where no channel is configured', async () => {
    const silent = watchOf({ ...channels(), smtp: null, webhook: null });
    await sql(SITUATIONS['backup-failed']);
    await lookOnce(silent, 3600);
    expect(await alerts()).to.have.length(1);
    expect((await sql('SELECT FROM notifications')).rowCount).to.equal(0);
    await silent.producer.close();
  });

  it('give a sign of life while all is well, and none while nobody works', async () => {
    const only = { ...channels(), smtp: null, webhook: null, heartbeat: { url: new Secret(web.url) } };
    const living = watchOf(only);
    await notifier.close();
    notifier = startNotifyWorker(living, new Secret(redis.url));
    await lookOnce(living, 3600);
    await lookOnce(living, 3600);
    await settled();
    expect(web.received.map(({ method }) => method)).to.deep.equal(['GET']);
    await sql(`UPDATE notifications SET created_at = now() - interval '10 minutes'`);
    await sql(SITUATIONS['worker-absent']);
    await lookOnce(living, 3600);
    await settled();
    expect(web.received).to.have.length(1);
    await living.producer.close();
  });

  it('are joined by successes where they are wanted', async () => {
    await sql(backupRow('main', { age: '1 minute' }) + backupRow('main', { age: '2 hours' }));
    await look();
    const wanting = watchOf(channels(), { notifyOnSuccess: true });
    await lookOnce(wanting, 3600);
    await lookOnce(wanting, 3600);
    await settled();
    expect(events()).to.deep.equal(['success -']);
    expect(JSON.parse(web.received[0]?.body ?? '').backup).to.include({ source: 'main', rowCount: 1000 });
    await wanting.producer.close();
  });

  it('leave no secret in the log, in Redis, in history or in a message', async () => {
    const texts = [...log, ...seen, ...(await contentOf(redis.url)).values()].join('\n');
    expect(log.length).to.be.greaterThan(10);
    expect(texts).to.contain('backup-failed').and.not.contain(MARKER);
  });
});
