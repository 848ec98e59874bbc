import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { expect } from 'chai';
import { ZodError, type z } from 'zod';
import type { RedisServer } from '../../../../scripts/services/redis.js';
import { Secret } from '../../src/config/secret.js';
import { SafekeepError } from '../../src/errors.js';
import { dueJob, jobContracts, QUEUE_PREFIX, QUEUES } from '../../src/queues/contracts.js';
import { Producer } from '../../src/queues/producer.js';
import { readBackupQueue } from '../../src/queues/queue-figures.js';
import { workerConnection } from '../../src/queues/settings.js';
import { redisServer } from '../servers.js';
import { contentOf } from './content.js';

const jobKey = (id: string) => `${QUEUE_PREFIX}:backup:${id}`;

describe('the producer of jobs', () => {
  let redis: RedisServer;
  let producer: Producer;

  before(async () => {
    redis = await redisServer();
  });
  after(() => redis?.stop());
  beforeEach(async () => {
    await redis.restart();
    producer = new Producer(new Secret(redis.url), () => {});
  });
  afterEach(() => producer.close());

  const enqueue = (backupId: string) => producer.enqueue('backup', 'full', backupId, { backupId });
  const refusal = async (work: Promise<unknown>): Promise<SafekeepError> => {
    const outcome = await work.catch((error: unknown) => error);
    expect(outcome, String(outcome)).to.be.instanceOf(SafekeepError);
    return outcome as SafekeepError;
  };
  /** The production deadline is the bound; a Redis that is back is found by the producer on its own. */
  const untilReachable = async () => {
    while (!(await producer.ping())) await delay(20);
  };
  const jobIds = async () => {
    const queue = new Queue('backup', { connection: { url: redis.url }, prefix: QUEUE_PREFIX });
    const jobs = await queue.getJobs(['wait', 'active', 'delayed', 'prioritized', 'completed', 'failed']);
    await queue.close();
    return jobs.map((job) => job.id);
  };

  it('queues one job a history row, however often it is asked to', async () => {
    const id = randomUUID();
    await Promise.all(Array.from({ length: 20 }, () => enqueue(id)));
    await enqueue(id);
    expect(await jobIds()).to.deep.equal([id]);
    expect(await readBackupQueue(producer)).to.deep.equal({ workers: 0, active: 0, waiting: 1 });
  });

  it('queues jobs of several rows in their order', async () => {
    const ids = Array.from({ length: 5 }, () => randomUUID());
    for (const id of ids) await enqueue(id);
    expect((await jobIds()).toReversed()).to.deep.equal(ids);
  });

  it('leaves the id of the row in Redis and nothing else of it', async () => {
    const id = randomUUID();
    await enqueue(id);
    const job = JSON.parse((await contentOf(redis.url)).get(jobKey(id)) ?? '') as Record<string, string>;
    expect(job).to.include({ name: 'full', data: JSON.stringify({ backupId: id }) });
    expect(JSON.parse(job.opts ?? '')).to.include({ attempts: 4 });
  });

  it('uses keys that a Redis Cluster keeps on one node', async () => {
    await enqueue(randomUUID());
    for (const key of (await contentOf(redis.url)).keys()) expect(key).to.match(/^\{safekeep\}:/);
  });

  describe('refuses data that does not keep the contract, and queues nothing', () => {
    const id = randomUUID();
    const wrong: Record<string, unknown> = {
      'no data': {},
      'an id that is none': { backupId: 'main' },
      'more than the id': { backupId: id, url: 'postgres://u:p@h/d' },
      'a text': id,
    };
    for (const [name, data] of Object.entries(wrong)) {
      it(name, async () => {
        const outcome = await producer
          .enqueue('backup', 'full', id, data as { backupId: string })
          .catch((error: unknown) => error);
        expect(outcome).to.be.instanceOf(ZodError);
        expect([...(await contentOf(redis.url)).keys()]).to.deep.equal([]);
      });
    }
  });

  it('says within its deadline that Redis is down, and queues none of it when Redis is back', async () => {
    await enqueue(randomUUID());
    await redis.stop();
    const refused = Array.from({ length: 2 }, () => randomUUID());
    for (const id of refused) {
      expect(await refusal(enqueue(id))).to.include({
        code: 'QUEUE_UNAVAILABLE',
        httpStatus: 503,
        exitCode: 4,
      });
    }
    expect(await producer.ping()).to.equal(false);
    expect(await readBackupQueue(producer)).to.equal(null);

    await redis.restart();
    await untilReachable();
    const accepted = randomUUID();
    await enqueue(accepted);
    expect(await jobIds(), 'what was accepted, and nothing of the refused').to.deep.equal([accepted]);
  });

  it('works as soon as Redis is there, when it was started without', async () => {
    await producer.close();
    await redis.stop();
    producer = new Producer(new Secret(redis.url), () => {});
    const refused = randomUUID();
    expect((await refusal(enqueue(refused))).code).to.equal('QUEUE_UNAVAILABLE');
    await redis.restart();
    await untilReachable();
    const accepted = randomUUID();
    await enqueue(accepted);
    expect(await jobIds()).to.deep.equal([accepted]);
  });

  it('says the same of a Redis that is frozen, and lives on when it thaws', async () => {
    await enqueue(randomUUID());
    process.kill(redis.pid, 'SIGSTOP');
    try {
      expect((await refusal(enqueue(randomUUID()))).code).to.equal('QUEUE_UNAVAILABLE');
      expect(await readBackupQueue(producer)).to.equal(null);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    await untilReachable();
    await enqueue(randomUUID());
  });

  it('never shows the URL of Redis, whatever fails', async () => {
    await producer.close();
    const errors: Error[] = [];
    const url = redis.url.replace('//', '//somebody:MARKER-password@');
    producer = new Producer(new Secret(url), (error) => errors.push(error));
    await redis.stop();
    const error = await refusal(enqueue(randomUUID()));
    expect(`${error.message} ${error.hint} ${error.stack} ${error.cause}`).to.not.contain('MARKER');
    expect(errors.map((one) => `${one.message} ${one.stack}`).join()).to.not.contain('MARKER');
  });

  describe('asked to restore a job', () => {
    const restore = (backupId: string) => producer.restore('backup', 'full', backupId, { backupId });
    const onQueue = async <T>(work: (queue: Queue) => Promise<T>): Promise<T> => {
      const queue = new Queue('backup', { connection: { url: redis.url }, prefix: QUEUE_PREFIX });
      return work(queue).finally(() => queue.close());
    };

    it('queues one that was lost with Redis, once', async () => {
      const id = randomUUID();
      await enqueue(id);
      await onQueue((queue) => queue.obliterate());
      expect(await restore(id)).to.equal(true);
      expect(await restore(id)).to.equal(false);
      expect(await jobIds()).to.deep.equal([id]);
    });

    it('lets one begin that is put off for longer than any pause, and no other', async () => {
      const [parked, paused] = [randomUUID(), randomUUID()];
      await onQueue(async (queue) => {
        await queue.add('full', { backupId: parked }, { jobId: parked, delay: 86_400_000 });
        await queue.add('full', { backupId: paused }, { jobId: paused, delay: 20_000 });
      });
      expect(await producer.hasten('backup', paused)).to.equal(false);
      expect(await producer.hasten('backup', parked)).to.equal(true);
      expect(await producer.hasten('backup', parked)).to.equal(false);
      expect(await onQueue((queue) => queue.getJobState(parked))).to.equal('waiting');
      expect(await onQueue((queue) => queue.getJobState(paused))).to.equal('delayed');
    });

    for (const outcome of ['failed', 'completed'] as const) {
      it(`queues one anew that the queue has ${outcome}`, async () => {
        const id = randomUUID();
        await enqueue(id);
        const ended = new EventEmitter();
        const seen = once(ended, outcome);
        const work = async () => {
          if (outcome === 'failed') throw new UnrecoverableError('given up');
        };
        const worker = new Worker('backup', work, {
          connection: workerConnection(new Secret(redis.url)),
          prefix: QUEUE_PREFIX,
        });
        worker.on(outcome, () => ended.emit(outcome));
        await seen;
        await worker.close();
        expect(await readBackupQueue(producer)).to.deep.include({ waiting: 0 });
        expect(await restore(id)).to.equal(true);
        expect(await readBackupQueue(producer)).to.deep.include({ waiting: 1 });
      });
    }

    it('says that Redis is down', async () => {
      await redis.stop();
      expect((await refusal(restore(randomUUID()))).code).to.equal('QUEUE_UNAVAILABLE');
    });
  });

  it('counts workers and jobs that wait, run, or are put off', async () => {
    const events = new EventEmitter();
    const started = once(events, 'started');
    const worker = new Worker(
      'backup',
      async () => {
        const finished = once(events, 'finish');
        events.emit('started');
        await finished;
      },
      { connection: workerConnection(new Secret(redis.url)), prefix: QUEUE_PREFIX, concurrency: 1 },
    );
    try {
      for (let at = 0; at < 3; at += 1) await enqueue(randomUUID());
      await started;
      expect(await readBackupQueue(producer)).to.deep.equal({ workers: 1, active: 1, waiting: 2 });
    } finally {
      events.emit('finish');
      await worker.close();
    }
  });
});

describe('the contracts of jobs', () => {
  it('name every queue, and take ids of history rows alone', () => {
    expect(Object.keys(jobContracts)).to.have.members([...QUEUES]);
    for (const [queue, jobs] of Object.entries(jobContracts)) {
      for (const [name, contract] of Object.entries(jobs)) {
        if (name === 'due') continue;
        const { shape } = contract as z.ZodObject<Record<string, z.ZodType>>;
        for (const [field, type] of Object.entries(shape)) {
          if (field === 'channel') continue;
          expect(field, `${queue} ${name}`).to.match(/Id$/);
          expect(type.safeParse(randomUUID()).success, `${queue} ${name} ${field}`).to.equal(true);
          for (const other of ['main', 'postgres://u:p@h/d', 7, null, '']) {
            expect(type.safeParse(other).success, `${queue} ${name} ${field} ${other}`).to.equal(false);
          }
        }
      }
    }
  });

  it('name schedules, and nothing else, where a due time is announced', () => {
    expect(dueJob.safeParse({ source: 'main', schedule: 'full' }).success).to.equal(true);
    expect(dueJob.safeParse({ source: '*', schedule: 'report' }).success).to.equal(true);
    for (const source of ['postgres://u:p@h/d', '../x', 'A', '', null]) {
      expect(dueJob.safeParse({ source, schedule: 'full' }).success, String(source)).to.equal(false);
    }
    expect(dueJob.safeParse({ source: 'main', schedule: 'weekly' }).success).to.equal(false);
  });
});
