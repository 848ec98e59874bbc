import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { slowTable } from '../process/world.js';
import type { Random } from '../property/random.js';
import { type Api, type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, Tally } from './harness/seeds.js';
import { openProxy } from './harness/tcp-proxy.js';

const REQUESTS = 50;

/** Fault 17 of docs/TESTING.md. */
describe('fifty requests with one Idempotency-Key, over three API replicas', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  let replicas: Api[];
  const tally = new Tally(17);

  before(async () => {
    world = await openFaultWorld('one-key');
    await world.sql('source', slowTable(500));
    replicas = [await startReplica()];
    replicas.push(...(await Promise.all([startReplica(), startReplica()])));
    await world.startWorker();
  });
  after(async () => {
    tally.print();
    await world?.close();
  });
  beforeEach(async () => {
    // Fifty are allowed, but a user may not send many fifties a minute.
    const redis = new Redis(world.redis.url);
    for (const key of await redis.keys('*writes*')) await redis.del(key);
    redis.disconnect();
  });

  const startReplica = () => world.startApi(world.through('history', 'redis'));
  const ask = (replica: Api, key: string | null) =>
    replica.request('POST', '/backup/full', {
      body: {},
      headers: key === null ? {} : { 'Idempotency-Key': key },
    });

  /** Sends them all within this time, in milliseconds, and gives the one answer that all of them got. */
  async function send(key: string, random: Random, within: number, to = replicas, count = REQUESTS) {
    const answers = await Promise.all(
      Array.from({ length: count }, async () => {
        const replica = random.pick(to);
        await delay(random.between(0, within));
        const { status, body } = await ask(replica, key);
        return JSON.stringify(status === 202 ? { status, id: body.id } : { status, code: body.code });
      }),
    );
    const different = [...new Set(answers)];
    expect(different, 'the same answer for all').to.have.length(1);
    return JSON.parse(different[0] ?? '') as { status: number; id?: string; code?: string };
  }

  const backupsOf = (key: string) =>
    world.sql('history', `SELECT id, status, attempts FROM backups WHERE idempotency_key = '${key}'`);

  async function expectAccepted(key: string, answer: { status: number; id?: string }): Promise<void> {
    expect(answer.status).to.equal(202);
    await world.settled();
    expect(await backupsOf(key)).to.deep.equal([{ id: answer.id, status: 'completed', attempts: 1 }]);
  }

  /** Whatever comes later with this key, and whether Redis works again: nothing is begun. */
  async function expectRefused(key: string, answer: { status: number; code?: string }): Promise<void> {
    expect(answer).to.deep.equal({ status: 503, code: 'QUEUE_UNAVAILABLE' });
    const other = await world.cli(['full', '--json']);
    expect(other.code, other.stderr).to.equal(0);
    const [row] = await backupsOf(key);
    expect(row).to.include({ status: 'failed', attempts: 0 });
    expect(await backupsOf(key)).to.have.length(1);
  }

  for (const { number, random } of SEEDS) {
    it(`are one backup (seed ${number})`, async () => {
      const key = `together-${number}`;
      await expectAccepted(key, await send(key, random, 20));
      tally.count('at once');
    });

    it(`are one backup though history's answer to the first is lost (seed ${number})`, async () => {
      const key = `lost-${number}`;
      const lost = world.network.history.loseAnswer({ after: 'INSERT INTO backups', to: 'COMMIT' });
      const answer = await send(key, random, 20);
      await lost;
      await expectAccepted(key, answer);
      tally.count('history lost');
    });

    it(`are one backup though replicas are killed among them: whoever repeats the request gets it (seed ${number})`, async () => {
      const key = `killed-${number}`;
      const dying = replicas.splice(0, 2);
      const dead = dying.map(async (replica) => {
        const answers = [key, null, key, null, key].map((given) => ask(replica, given).catch(() => null));
        await delay(random.between(0, 60));
        replica.running.child.kill('SIGKILL');
        await Promise.all(answers);
      });
      await Promise.all(dead);
      // What the queue has not got yet it gets from a worker; which does not look at young rows.
      await world.sql('history', `UPDATE backups SET created_at = created_at - interval '1 minute'`);
      const answer = await send(key, random, 20);
      await expectAccepted(key, answer);
      const ends = await world.sql(
        'history',
        'SELECT DISTINCT status FROM backups WHERE idempotency_key IS NULL',
      );
      expect(ends.filter(({ status }) => status !== 'completed')).to.deep.equal([]);
      tally.count('replicas killed');
      replicas.push(await startReplica(), await startReplica());
    });

    it(`are all refused while Redis is dead, also those that come when it is back (seed ${number})`, async () => {
      const key = `dead-${number}`;
      const frozen = random.chance(0.5);
      if (frozen) world.network.redis.blackHole();
      else world.network.redis.refuse();
      const answer = await send(key, random, 1_500).finally(() => world.network.redis.mend());
      await expectRefused(key, answer);
      await readyAgain();
      expect(await send(key, random, 20)).to.deep.equal(answer);
      await expectRefused(key, answer);
      tally.count(frozen ? 'Redis frozen' : 'Redis refuses');
    });

    it(`get one answer though one replica cannot reach Redis and would refuse them (seed ${number})`, async () => {
      const key = `apart-${number}`;
      // Nobody begins it, so what the replicas write to its row alone decides.
      await world.killWorkers();
      const network = await openProxy(world.redis.port);
      const apart = await world.startApi({ REDIS_URL: network.through(world.redis.url) });
      network.refuse();
      // Few, so that the others do not wait for each other longer than that one does for Redis.
      const answer = await send(key, random, 20, [apart, ...replicas], 8);
      apart.running.child.kill('SIGKILL');
      await network.close();
      await world.startWorker();
      if (answer.status === 202) await expectAccepted(key, answer);
      else await expectRefused(key, answer);
      tally.count(`one replica without Redis, ${answer.status}`);
    });

    it(`get one answer while Redis comes back (seed ${number})`, async () => {
      const key = `back-${number}`;
      world.network.redis.refuse();
      setTimeout(() => world.network.redis.mend(), random.between(200, 1_100));
      const answer = await send(key, random, 1_500);
      tally.count(answer.status === 202 ? 'Redis back in time' : 'Redis back too late');
      if (answer.status === 202) await expectAccepted(key, answer);
      else await expectRefused(key, answer);
      await readyAgain();
    });
  }

  it('leave history, files and queue in agreement', () => checkInvariants(world));

  async function readyAgain(): Promise<void> {
    for (const replica of replicas) {
      while ((await replica.request('GET', '/health/ready')).status !== 200) await delay(50);
    }
  }
});
