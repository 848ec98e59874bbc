import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import winston from 'winston';
import type { RedisServer } from '../../../../scripts/services/redis.js';
import { Secret } from '../../src/config/secret.js';
import type { ScheduleName } from '../../src/contracts/schedule.js';
import { createHistoryPool } from '../../src/history/database.js';
import { lockSchedules } from '../../src/history/schedules.js';
import { QUEUE_PREFIX } from '../../src/queues/contracts.js';
import { Producer } from '../../src/queues/producer.js';
import type { ConfiguredSchedule } from '../../src/schedules/kinds.js';
import { addMissingSchedules, registerSchedules } from '../../src/schedules/register.js';
import { serveDue } from '../../src/schedules/serve-due.js';
import { syncSchedulers } from '../../src/schedules/sync-schedulers.js';
import { openHistory, redisServer, type TestHistory } from '../servers.js';
import { dueThreeHoursAgo, letDaysPass } from './rows.js';

const silent = winston.createLogger({ silent: true });

describe('schedules', function () {
  this.timeout(30_000);
  let redis: RedisServer;
  let history: TestHistory;
  let producer: Producer;
  let backups: Queue;

  before(async () => {
    redis = await redisServer();
    producer = new Producer(new Secret(redis.url), () => {});
    backups = new Queue('backup', { connection: { url: redis.url }, prefix: QUEUE_PREFIX });
  });
  after(async () => {
    await backups.close();
    await producer.close();
    await redis.stop();
  });
  beforeEach(async () => {
    await flush();
    history = await openHistory();
  });
  afterEach(() => history.close());

  async function flush(): Promise<void> {
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
  }

  function wanted(change: Partial<ConfiguredSchedule> = {}): ConfiguredSchedule[] {
    const daily = { envCron: '0 2 * * *', timezone: 'UTC', ...change };
    return [
      { ...daily, source: 'main', name: 'full' },
      { ...daily, source: 'lab', name: 'full' },
      { ...daily, source: 'main', name: 'test' },
      { ...daily, source: 'main', name: 'verify' },
      { ...daily, source: '*', name: 'cleanup' },
      { ...daily, source: '*', name: 'report' },
    ];
  }
  const register = (change?: Partial<ConfiguredSchedule>) => registerSchedules(history.pool, wanted(change));
  const sync = () => syncSchedulers(history.pool, producer);
  const schedulers = async () =>
    (await backups.getJobSchedulers()).map(({ key, pattern, tz }) => ({ key, pattern, tz }));
  const count = async (table: string) =>
    Number((await history.pool.query(`SELECT count(*) FROM ${table}`)).rows[0].count);
  const changes = async () =>
    (
      await history.pool.query(
        `SELECT actor, target, detail FROM audit_events WHERE action = 'schedule.changed' ORDER BY seq`,
      )
    ).rows;
  const serve = (by: 'queue' | 'reconciler', name: ScheduleName = 'full', source = 'main') =>
    serveDue({ pool: history.pool, producer, logger: silent }, { source, name, by });
  const dueRuns = async () =>
    (await history.pool.query('SELECT source, name, late, subject_id FROM due_runs ORDER BY due_at')).rows;

  /** A full backup of main that was due three hours ago and that nobody has served. */
  async function overdue(): Promise<void> {
    await register({ envCron: dueThreeHoursAgo() });
    await sync();
    await letDaysPass(history.pool);
  }

  describe('at the start', () => {
    it('are written once by eight API replicas and four workers at the same time, in history and in the queue', async () => {
      const members = Array.from({ length: 12 }, (_, at) => ({
        at,
        pool: createHistoryPool(history.url, 2, () => {}),
        producer: new Producer(new Secret(redis.url), () => {}),
      }));
      await Promise.all(
        members.map(async ({ at, pool, producer: own }) => {
          await (at < 8 ? registerSchedules : addMissingSchedules)(pool, wanted());
          await syncSchedulers(pool, own);
        }),
      );
      await Promise.all(members.flatMap((one) => [one.pool.end(), one.producer.close()]));
      expect(await count('schedules')).to.equal(wanted().length);
      expect(await changes()).to.have.length(wanted().length);
      expect(await schedulers()).to.have.deep.members([
        { key: 'full.main', pattern: '0 2 * * *', tz: 'UTC' },
        { key: 'full.lab', pattern: '0 2 * * *', tz: 'UTC' },
      ]);
      expect(await backups.getDelayedCount()).to.equal(2);
      const [next] = await backups.getDelayed();
      expect(next).to.include({ name: 'due' });
      expect(next?.data).to.have.keys(['source', 'schedule']);
    });

    it('stay one each when replicas differ in their configuration, and each change is audited', async () => {
      await register();
      await Promise.all([register({ envCron: '0 3 * * *' }), register({ envCron: '0 4 * * *' })]);
      await sync();
      const [{ env_cron: winner }] = (await history.pool.query('SELECT DISTINCT env_cron FROM schedules'))
        .rows;
      expect(new Set((await schedulers()).map((row) => row.pattern))).to.deep.equal(new Set([winner]));
      const audited = (await changes()).slice(wanted().length);
      expect(audited).to.have.length(2 * wanted().length);
      expect(audited[0]).to.include({ actor: 'environment' });
      expect(audited[0].detail).to.include({ beforeCron: '0 2 * * *' });
    });

    it('follow the environment: another time zone, off, and a source that is gone', async () => {
      await register();
      await register({ timezone: 'Europe/Berlin' });
      await sync();
      expect((await schedulers())[0]).to.include({ tz: 'Europe/Berlin' });
      await register({ envCron: null });
      await sync();
      expect(await schedulers()).to.deep.equal([]);
      await registerSchedules(history.pool, wanted().slice(0, 1));
      await sync();
      expect((await schedulers()).map((row) => row.key)).to.deep.equal(['full.main']);
      const gone = (await changes()).filter((event) => event.detail.afterCron === null);
      expect(gone.map((event) => event.target)).to.have.members([
        'full.lab',
        'test.main',
        'verify.main',
        'cleanup.*',
        'report.*',
      ]);
    });

    it('of workers change nothing that is there', async () => {
      await register();
      await addMissingSchedules(history.pool, wanted({ envCron: '0 9 * * *' }));
      expect(await changes()).to.have.length(wanted().length);
    });

    it('keep an overdue run in the queue: what is right is not touched', async () => {
      await register();
      await sync();
      const job = (await backups.getDelayed()).find((one) => one.data.source === 'main');
      await job?.promote();
      await register();
      await sync();
      expect((await backups.getWaiting()).map((one) => one.id)).to.deep.equal([job?.id]);
    });

    it('are in the queue again after it was emptied, or when somebody took the next job away', async () => {
      await register();
      await sync();
      await flush();
      await sync();
      expect(await schedulers()).to.have.length(2);
      const client = new Redis(redis.url);
      const past = Date.now() - 3_600_000;
      const [taken] = (await backups.getDelayed()).filter((job) => job.data.source === 'main');
      await client.zrem(`${QUEUE_PREFIX}:backup:delayed`, taken?.id ?? '');
      await client.del(`${QUEUE_PREFIX}:backup:${taken?.id}`);
      await client.zadd(`${QUEUE_PREFIX}:backup:repeat`, past, 'full.main');
      client.disconnect();
      await sync();
      const next = (await backups.getJobSchedulers()).find((one) => one.key === 'full.main')?.next;
      expect(next).to.be.greaterThan(Date.now());
      expect(await backups.getJobState(`repeat:full.main:${next}`)).to.equal('delayed');
    });

    it('without the queue are in history, and the refusal has a name', async () => {
      const away = new Producer(new Secret('redis://127.0.0.1:1'), () => {});
      await register();
      const refusal = await syncSchedulers(history.pool, away).catch((error: unknown) => error);
      expect(refusal).to.include({ code: 'QUEUE_UNAVAILABLE' });
      await away.close();
      expect(await count('schedules')).to.equal(wanted().length);
    });

    it('remove what history does not know from the queue', async () => {
      await backups.upsertJobScheduler('full.elsewhere', { pattern: '0 2 * * *' }, { name: 'due' });
      await register();
      await sync();
      expect((await schedulers()).map((row) => row.key)).to.have.members(['full.main', 'full.lab']);
    });
  });

  describe('a due time', () => {
    it('gives one backup, whoever notices it and how often', async () => {
      await overdue();
      const served = await Promise.all(
        Array.from({ length: 12 }, (_, at) => serve(at % 2 === 0 ? 'queue' : 'reconciler')),
      );
      expect(served.filter((one) => one === 'requested')).to.have.length(1);
      const [run, ...others] = await dueRuns();
      expect(others).to.deep.equal([]);
      expect(run).to.include({ source: 'main', name: 'full', late: true });
      const [backup, ...more] = (await history.pool.query('SELECT * FROM backups')).rows;
      expect(more).to.deep.equal([]);
      expect(backup).to.include({
        id: run.subject_id,
        type: 'full',
        status: 'queued',
        requested_via: 'schedule',
      });
      expect((await backups.getJob(backup.id))?.data).to.deep.equal({ backupId: backup.id });
      const { rows } = await history.pool.query(
        `SELECT actor, result FROM audit_events WHERE action = 'backup.request'`,
      );
      expect(rows).to.deep.equal([{ actor: 'schedule', result: 'ok' }]);
    });

    it('of before the schedule became what it is gives nothing', async () => {
      await register({ envCron: dueThreeHoursAgo() });
      expect(await serve('queue')).to.equal('nothing due');
      expect(await serve('reconciler')).to.equal('nothing due');
      expect(await count('backups')).to.equal(0);
    });

    it('of a schedule that is off, paused or unknown gives nothing', async () => {
      await overdue();
      await history.pool.query('UPDATE schedules SET paused = true');
      expect(await serve('queue')).to.equal('nothing due');
      await history.pool.query('UPDATE schedules SET paused = false, overridden = true, cron = NULL');
      expect(await serve('reconciler')).to.equal('nothing due');
      expect(await serve('queue', 'full', 'elsewhere')).to.equal('unknown schedule');
      expect(await count('due_runs')).to.equal(0);
    });

    it('of now is not late, and is left to the queue for half a minute', async () => {
      await register({ envCron: '* * * * *' });
      // The newest due time is younger than a minute; as if the schedule had begun just before it.
      await history.pool.query(
        `UPDATE schedules SET since = date_trunc('minute', now()) - interval '1 second'`,
      );
      expect(await serve('queue')).to.equal('requested');
      expect((await dueRuns())[0]).to.include({ late: false });
      expect(await serve('reconciler')).to.equal('nothing due');
    });

    it('waits in history while the queue is away, and a second one is served by the same backup', async () => {
      const away = new Producer(new Secret('redis://127.0.0.1:1'), () => {});
      await overdue();
      const look = { source: 'main', name: 'full', by: 'reconciler' } as const;
      await serveDue({ pool: history.pool, producer: away, logger: silent }, look);
      const [{ id, status }] = (await history.pool.query('SELECT id, status FROM backups')).rows;
      expect(status).to.equal('queued');
      await aDayLater();
      expect(await serveDue({ pool: history.pool, producer: away, logger: silent }, look)).to.equal(
        'requested',
      );
      await away.close();
      expect((await dueRuns()).map((run) => run.subject_id)).to.deep.equal([id, id]);
      expect(await count('backups')).to.equal(1);
    });

    /** A finished backup of a source, as history would hold it; its id. */
    async function addBackup(source: string): Promise<string> {
      const id = randomUUID();
      await history.pool.query(
        `INSERT INTO backups (id, source, type, requested_type, status, requested_via, ended_at, file_name, checksum, hmac)
         VALUES ($1, $2, 'full', 'full', 'completed', 'cli', now(), 'f', 'c', 'h')`,
        [id, source],
      );
      return id;
    }
    async function judge(backupId: string): Promise<void> {
      await history.pool.query(
        `INSERT INTO verifications (id, backup_id, status, verdict, requested_via)
         VALUES (gen_random_uuid(), $1, 'passed', 'sound', 'cli')`,
        [backupId],
      );
    }
    const aDayLater = () => history.pool.query(`UPDATE due_runs SET due_at = due_at - interval '1 day'`);

    it('of verifications asks for every backup of the source that none has judged and none waits for', async () => {
      await overdue();
      const [first, second, judged] = [
        await addBackup('main'),
        await addBackup('main'),
        await addBackup('main'),
      ];
      await addBackup('lab');
      await judge(judged);
      expect(await serve('queue', 'test')).to.equal('requested');
      const { rows } = await history.pool.query(
        `SELECT backup_id AS id FROM verifications WHERE requested_via = 'schedule' AND status = 'queued'`,
      );
      expect(rows.map((row) => row.id)).to.have.members([first, second]);
      await aDayLater();
      expect(await serve('queue', 'test')).to.equal('nothing to do');
    });

    it('of recovery tests asks for the newest verified backup, once while that one waits', async () => {
      await overdue();
      expect(await serve('queue', 'verify')).to.equal('nothing to do');
      await aDayLater();
      const verified = await addBackup('main');
      await judge(verified);
      await addBackup('main');
      expect(await serve('queue', 'verify')).to.equal('requested');
      await aDayLater();
      expect(await serve('queue', 'verify')).to.equal('requested');
      const { rows } = await history.pool.query(
        'SELECT backup_id, status, requested_via FROM recovery_tests',
      );
      expect(rows).to.deep.equal([{ backup_id: verified, status: 'queued', requested_via: 'schedule' }]);
    });

    it('of the cleanup asks for one of all sources that removes', async () => {
      await overdue();
      expect(await serve('queue', 'cleanup', '*')).to.equal('requested');
      await aDayLater();
      expect(await serve('queue', 'cleanup', '*')).to.equal('requested');
      const { rows } = await history.pool.query('SELECT source, dry_run, requested_via FROM cleanup_runs');
      expect(rows).to.deep.equal([{ source: null, dry_run: false, requested_via: 'schedule' }]);
    });

    it('of the report asks for one about all sources', async () => {
      await overdue();
      expect(await serve('queue', 'report', '*')).to.equal('requested');
      const { rows } = await history.pool.query('SELECT source, requested_via FROM reports');
      expect(rows).to.deep.equal([{ source: null, requested_via: 'schedule' }]);
    });
  });

  it('are changed by one process at a time', async () => {
    const client = await history.pool.connect();
    await client.query('BEGIN');
    await lockSchedules(client);
    let done = false;
    const waiting = register().then(() => {
      done = true;
    });
    for (;;) {
      const { rowCount } = await history.pool.query('SELECT FROM pg_locks WHERE NOT granted');
      if (rowCount === 1) break;
    }
    expect(done).to.equal(false);
    await client.query('COMMIT');
    client.release();
    await waiting;
    expect(await count('schedules')).to.equal(wanted().length);
  });
});
