import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { RedisServer } from '../../../../scripts/services/redis.js';
import { Secret } from '../../src/config/secret.js';
import { SafekeepError } from '../../src/errors.js';
import { findUserByName, insertUser } from '../../src/history/users.js';
import { Producer } from '../../src/queues/producer.js';
import { type BackupRequest, requestBackup } from '../../src/queues/request-backup.js';
import { claim, readBackup, start } from '../history/rows.js';
import { openHistory, redisServer, type TestHistory } from '../servers.js';
import { contentOf } from './content.js';

describe('the request of a backup', () => {
  let redis: RedisServer;
  let history: TestHistory;
  let producer: Producer;
  let jane: string;

  before(async () => {
    redis = await redisServer();
  });
  after(() => redis?.stop());
  beforeEach(async () => {
    await redis.restart();
    history = await openHistory(25);
    producer = new Producer(new Secret(redis.url), () => {});
    await insertUser(history.pool, { username: 'jane', passwordHash: 'x', role: 'operator' });
    jane = (await findUserByName(history.pool, 'jane'))?.id as string;
  });
  afterEach(async () => {
    await producer?.close();
    await history?.close();
  });

  const request = (more: Partial<BackupRequest> = {}) =>
    requestBackup(
      { pool: history.pool, producer, sourceNames: ['main', 'lab'] },
      {
        source: 'main',
        type: 'full',
        via: 'api',
        actor: { id: jane, name: 'jane', address: '192.0.2.7' },
        idempotencyKey: null,
        ...more,
      },
    );
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'done',
      (error: unknown) => (error instanceof SafekeepError ? error.code : String(error)),
    );
  const jobs = async () =>
    [...(await contentOf(redis.url)).keys()].filter((key) => /:backup:[0-9a-f-]{36}$/.test(key));
  const trail = async () =>
    (await history.pool.query('SELECT actor, action, target, result, detail FROM audit_events ORDER BY seq'))
      .rows;
  const ids = async (): Promise<string[]> =>
    (await history.pool.query<{ id: string }>('SELECT id FROM backups ORDER BY created_at')).rows.map(
      (row) => row.id,
    );

  it('leaves a queued row, a job with its id, and an entry in the audit trail', async () => {
    const backup = await request();
    expect(backup).to.include({ source: 'main', status: 'queued', requestedBy: jane, requestedVia: 'api' });
    expect(await readBackup(history.pool, backup.id)).to.deep.equal(backup);
    expect(await jobs()).to.deep.equal([`{safekeep}:backup:${backup.id}`]);
    const detail = { source: 'main', type: 'full' };
    expect(await trail()).to.deep.equal([
      { actor: 'jane', action: 'backup.request', target: backup.id, result: 'ok', detail },
    ]);
  });

  it('puts neither the person nor the source into Redis', async () => {
    await request({ source: 'lab', idempotencyKey: 'MARKER-key' });
    const content = [...(await contentOf(redis.url)).values()].join();
    for (const word of ['jane', 'lab', 'MARKER', '192.0.2.7', jane]) expect(content).to.not.contain(word);
  });

  it('for a source that does not exist is refused, and leaves no row and no job', async () => {
    const error = await request({ source: 'x-ray' }).catch((reason: unknown) => reason);
    expect(error).to.include({
      code: 'SOURCE_UNKNOWN',
      message: 'There is no source named "x-ray"; known are: main, lab.',
    });
    expect(await ids()).to.deep.equal([]);
    expect(await jobs()).to.deep.equal([]);
    expect((await trail())[0]).to.deep.include({ result: 'refused', target: null });
  });

  it('repeated 50 times at once with one key is one backup, one job and 50 equal answers', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => request({ idempotencyKey: 'k' })));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).to.equal(1);
    expect(await ids()).to.deep.equal([answers[0]?.id]);
    expect(await jobs()).to.have.length(1);
    expect(await trail()).to.have.length(50);
  });

  it('with a key that was used for something else is refused', async () => {
    const first = await request({ idempotencyKey: 'k' });
    expect(await codeOf(request({ idempotencyKey: 'k', source: 'lab' }))).to.equal('IDEMPOTENCY_KEY_REUSED');
    expect(await ids()).to.deep.equal([first.id]);
    expect((await trail())[1]).to.deep.include({ target: first.id, result: 'refused' });
  });

  describe('while Redis is down', () => {
    it('is refused; the row has failed for ever, and no job comes when Redis does', async () => {
      await redis.stop();
      expect(await codeOf(request())).to.equal('QUEUE_UNAVAILABLE');
      const [id] = await ids();
      const failed = await readBackup(history.pool, id as string);
      expect(failed.status).to.equal('failed');
      expect(failed.error).to.include({ code: 'QUEUE_UNAVAILABLE' });
      expect(failed.endedAt).to.be.instanceOf(Date);
      const events = (await trail()).map(({ action, result }) => `${action} ${result}`);
      expect(events).to.deep.equal(['backup.request ok', 'backup.failed failed']);
      expect((await trail())[1]).to.deep.include({ actor: 'jane', target: id });

      await redis.restart();
      while (!(await producer.ping()));
      const accepted = await request();
      expect(await jobs()).to.deep.equal([`{safekeep}:backup:${accepted.id}`]);
      expect(await claim(history.pool, id as string)).to.deep.equal({ kind: 'ended', status: 'failed' });
    });

    it('is refused with the same answer when it is repeated with its key, also after Redis came back', async () => {
      await redis.stop();
      expect(await codeOf(request({ idempotencyKey: 'k' }))).to.equal('QUEUE_UNAVAILABLE');
      await redis.restart();
      while (!(await producer.ping()));
      expect(await codeOf(request({ idempotencyKey: 'k' }))).to.equal('QUEUE_UNAVAILABLE');
      expect(await ids()).to.have.length(1);
      expect(await jobs()).to.deep.equal([]);
    });

    it('and hangs, is accepted after all when a worker has begun with it', async () => {
      await request({ source: 'lab' });
      process.kill(redis.pid, 'SIGSTOP');
      try {
        const requested = request();
        let begun = (await ids())[1];
        for (; begun === undefined; begun = (await ids())[1]) await delay(5);
        await start(history.pool, begun);
        expect((await requested).id).to.equal(begun);
        expect((await readBackup(history.pool, begun)).status).to.equal('running');
        expect((await trail()).at(-1)).to.deep.include({ target: begun, result: 'ok' });
      } finally {
        process.kill(redis.pid, 'SIGCONT');
      }
    });

    it('and hangs: a job that arrives after the refusal all the same starts nothing', async () => {
      await request();
      process.kill(redis.pid, 'SIGSTOP');
      let refused: string;
      try {
        expect(await codeOf(request({ source: 'lab' }))).to.equal('QUEUE_UNAVAILABLE');
        refused = (await ids())[1] as string;
      } finally {
        process.kill(redis.pid, 'SIGCONT');
      }
      expect((await readBackup(history.pool, refused)).status).to.equal('failed');
      expect(await claim(history.pool, refused, 'lab')).to.deep.equal({ kind: 'ended', status: 'failed' });
    });
  });
});
