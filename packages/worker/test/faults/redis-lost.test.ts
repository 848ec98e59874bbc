import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { slowTable } from '../process/world.js';
import { type Api, type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, Tally } from './harness/seeds.js';

/** What is promised for a refusal is a second, in milliseconds; the machine may be busy. */
const PATIENCE = 3_000;

/** Fault 6 of docs/TESTING.md. */
describe('a Redis that is lost', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  let api: Api;
  const tally = new Tally(6);

  before(async () => {
    world = await openFaultWorld('redis-lost', { sources: ['small'] });
    await world.sql('source', slowTable(40_000));
    await world.sql('source_small', slowTable(200));
    api = await world.startApi(world.through('redis'));
  });
  after(async () => {
    tally.print();
    await world?.close();
  });

  async function command(...words: readonly [string, ...string[]]): Promise<void> {
    const redis = new Redis(world.redis.url);
    await redis.call(...words);
    redis.disconnect();
  }
  const full = async (source: string) => {
    const began = performance.now();
    const { status, body } = await api.request('POST', '/backup/full', { body: { source } });
    return { status, body, milliseconds: performance.now() - began };
  };
  const accepted = async (source: string): Promise<string> => {
    const { status, body } = await full(source);
    expect(status, JSON.stringify(body)).to.equal(202);
    return body.id;
  };
  async function refused(code: string): Promise<string> {
    const { status, body, milliseconds } = await full('small');
    expect({ status, code: body.code }).to.deep.equal({ status: 503, code });
    expect(milliseconds).to.be.below(PATIENCE);
    const [row] = await world.sql('history', `SELECT id FROM backups ORDER BY created_at DESC LIMIT 1`);
    expect(await stateOf(row?.id)).to.deep.equal({ status: 'failed', code, attempts: 0 });
    return row?.id;
  }
  const stateOf = async (id: string) =>
    (
      await world.sql(
        'history',
        `SELECT status, error_code AS code, attempts FROM backups WHERE id = '${id}'`,
      )
    )[0];
  const DONE = { status: 'completed', code: null, attempts: 1 };
  async function progressed(id: string, percent: number): Promise<void> {
    const far = `SELECT FROM runs WHERE subject_id = '${id}' AND (progress->>'percent')::float8 >= ${percent}`;
    while ((await world.sql('history', far)).length === 0) await delay(20);
  }
  /** What the reconciler leaves to the queue for half a minute. */
  const letTimePass = () =>
    world.sql('history', `UPDATE backups SET created_at = created_at - interval '1 minute'`);
  async function readyAgain(): Promise<void> {
    while ((await api.request('GET', '/health/ready')).status !== 200) await delay(50);
  }

  for (const { number, random } of SEEDS) {
    it(`and emptied while backups wait: history puts them back on the queue, each runs once (seed ${number})`, async () => {
      await world.killWorkers();
      const ids = [await accepted('main'), await accepted('small')];
      await command('FLUSHALL');
      await letTimePass();
      await Promise.all([world.startWorker(), world.startWorker()]);
      await world.settled();
      for (const id of ids) expect(await stateOf(id)).to.deep.equal(DONE);
      tally.count('emptied, jobs waited');
    });

    it(`and emptied while a backup runs: it comes to its end, once (seed ${number})`, async () => {
      const id = await accepted('main');
      await progressed(id, random.between(1, 60));
      await command('FLUSHALL');
      await letTimePass();
      await world.settled();
      expect(await stateOf(id)).to.deep.equal(DONE);
      tally.count('emptied, job ran');
    });

    it(`and killed and started again with its append-only file: what ran and what waited comes to its end, once (seed ${number})`, async () => {
      const ids = [await accepted('main'), await accepted('main')];
      await progressed(ids[0] ?? '', random.between(1, 60));
      // The append-only file is flushed every second.
      await delay(1_200);
      world.redis.kill();
      await delay(random.between(0, 2_000));
      await world.redis.restart();
      await readyAgain();
      await world.settled();
      for (const id of ids) expect(await stateOf(id)).to.deep.equal(DONE);
      tally.count('killed');
    });

    it(`refuses a request within a second, and what was refused is never begun (seed ${number})`, async () => {
      const frozen = random.chance(0.5);
      if (frozen) world.network.redis.blackHole();
      else world.network.redis.refuse();
      const byApi = await refused('QUEUE_UNAVAILABLE').finally(() => world.network.redis.mend());
      const command = await world.cli(['full', '--no-wait', '--source', 'small'], {
        REDIS_URL: 'redis://127.0.0.1:1',
      });
      expect(command.code).to.equal(4);
      await readyAgain();
      await letTimePass();
      await accepted('small');
      await world.settled();
      expect(await stateOf(byApi)).to.deep.equal({
        status: 'failed',
        code: 'QUEUE_UNAVAILABLE',
        attempts: 0,
      });
      tally.count(frozen ? 'frozen at a request' : 'down at a request');
    });

    it(`and loses its answer to a request: what the API said is what becomes of it (seed ${number})`, async () => {
      const text = '{safekeep}:backup:';
      const lost = world.network.redis.loseAnswer({ after: text, to: text });
      const { status, body } = await full('small');
      await lost;
      const [row] = await world.sql('history', `SELECT id FROM backups ORDER BY created_at DESC LIMIT 1`);
      await world.settled();
      const state = await stateOf(row?.id);
      if (status === 202) expect(state).to.deep.equal(DONE);
      else
        expect([body.code, state?.status, state?.attempts]).to.deep.equal(['QUEUE_UNAVAILABLE', 'failed', 0]);
      tally.count(`answer lost, ${status}`);
      await readyAgain();
    });

    it(`and full: requests are refused with the reason, people are alerted, and nothing that was accepted is lost (seed ${number})`, async () => {
      const running = await accepted('main');
      await progressed(running, random.between(1, 30));
      await command('CONFIG', 'SET', 'maxmemory', '1');
      try {
        await refused('QUEUE_FULL');
        const alert = `SELECT FROM alerts WHERE rule = 'backup-failed' AND source = 'small'
          AND detail->>'errorCode' = 'QUEUE_FULL' AND resolved_at IS NULL`;
        while ((await world.sql('history', alert)).length === 0) await delay(200);
        await world.settled();
        expect(await stateOf(running)).to.deep.equal(DONE);
      } finally {
        await command('CONFIG', 'SET', 'maxmemory', '0');
      }
      const next = await accepted('small');
      await world.settled();
      expect(await stateOf(next)).to.deep.equal(DONE);
      tally.count('full');
    });
  }

  it('leaves history, files and queue in agreement', () => checkInvariants(world));
});
