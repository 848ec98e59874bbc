import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '@safekeep/shared/config/secret';
import { clientOptions } from '@safekeep/shared/history/database';
import { MAXIMUM_ATTEMPTS } from '@safekeep/shared/history/runs';
import { expect } from 'chai';
import pg from 'pg';
import { slowTable } from '../process/world.js';
import type { Random } from '../property/random.js';
import { type Api, type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { forgetTheDead } from './harness/forget-the-dead.js';
import { freeze } from './harness/freeze.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, Tally } from './harness/seeds.js';

/** What shows on the server at each point of a recovery test; `$1` is the name of its scratch database. */
const POINTS = {
  'before the database is there': `SELECT WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = $1)`,
  'during pg_restore': `SELECT FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'safekeep-%'`,
  'during the comparison': `SELECT FROM pg_stat_activity WHERE datname = $1 AND application_name = 'safekeep'`,
  'during the drop': `SELECT FROM pg_stat_activity WHERE query LIKE 'DROP DATABASE IF EXISTS "' || $1 || '%' AND state = 'active'`,
} as const;
type Point = keyof typeof POINTS;

interface Killed {
  readonly id: string;
  readonly lastAttempt: boolean;
}

/** Fault 24 of docs/TESTING.md. */
describe('a recovery test that is killed', function () {
  this.timeout(180_000);
  let world: FaultWorld;
  let api: Api;
  let history: pg.Client;
  let server: pg.Client;
  let backup: string;
  const tally = new Tally(24);

  before(async () => {
    world = await openFaultWorld('recovery-killed');
    await world.sql('source', slowTable(20_000));
    api = await world.startApi();
    history = await connect('history');
    server = await connect('postgres');
    await world.startWorker();
    backup = (await api.request('POST', '/backup/full', { body: {} })).body.id;
    await world.settled();
    await world.killWorkers();
  });
  after(async () => {
    tally.print();
    await Promise.all([history?.end(), server?.end()]);
    await world?.close();
  });
  afterEach(() => world.killWorkers());

  async function connect(database: string): Promise<pg.Client> {
    const options = clientOptions(new Secret(world.postgres.url(database)));
    const client = new pg.Client({ ...options, application_name: 'test' });
    await client.connect();
    return client;
  }

  async function request(): Promise<string> {
    const { status, body } = await api.request('POST', '/backup/recovery/test', {
      body: { backupId: backup },
    });
    expect(status, JSON.stringify(body)).to.equal(202);
    return body.id;
  }

  /** The scratch database that history names for a recovery test. */
  async function scratchOf(id: string): Promise<string | null> {
    const { rows } = await history.query<{ name: string | null }>(
      'SELECT scratch_database AS name FROM recovery_tests WHERE id = $1',
      [id],
    );
    return rows[0]?.name ?? null;
  }

  async function named(id: string): Promise<string> {
    for (;;) {
      const name = await scratchOf(id);
      if (name !== null) return name;
    }
  }

  /** @param lastAttempt whether the test is given up afterwards, so that no other attempt tidies up */
  async function killAt(point: Point, lastAttempt: boolean, random: Random): Promise<Killed> {
    const id = await request();
    if (lastAttempt) await die(id, MAXIMUM_ATTEMPTS - 1);
    const worker = await world.startWorker();
    const name = await named(id);
    while ((await server.query(POINTS[point], [name])).rowCount === 0);
    if (point === 'during pg_restore') await delay(random.between(0, 150));
    worker.child.kill('SIGKILL');
    await worker.ended();
    expect(await scratchOf(id), 'history knows the database').to.equal(name);
    tally.count(`killed ${point}`);
    return { id, lastAttempt };
  }

  /** Earlier attempts of a recovery test that died. */
  async function die(id: string, times: number): Promise<void> {
    await history.query(
      `INSERT INTO runs (id, queue, subject_id, state, worker, started_at, ended_at, lease_until)
       SELECT gen_random_uuid(), 'restore-test', $1, 'lost', 'dead:1', now(), now(), now() FROM generate_series(1, $2::int)`,
      [id, times],
    );
  }

  async function statusOf(id: string): Promise<string> {
    const { rows } = await history.query('SELECT status FROM recovery_tests WHERE id = $1', [id]);
    return rows[0]?.status;
  }

  for (const { number, random } of SEEDS) {
    it(`leaves no database once its lease has passed, and is done again (seed ${number})`, async () => {
      const killed: Killed[] = [];
      for (const [at, point] of random.shuffled(Object.keys(POINTS) as Point[]).entries()) {
        killed.push(await killAt(point, at === 0, random));
      }
      await world.startWorker();
      await world.settled();
      for (const { id, lastAttempt } of killed) {
        while ((await scratchOf(id)) !== null) await delay(100);
        expect(await statusOf(id)).to.equal(lastAttempt ? 'error' : 'passed');
      }
      await checkInvariants(world);
    });
  }

  it('leaves none either where the server is still about to make it when its place is taken', async () => {
    const worker = await world.startWorker();
    const id = await request();
    await named(id);
    let creating: number | undefined;
    while (creating === undefined) {
      const { rows } = await server.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE DATABASE "safekeep%' AND state = 'active'`,
      );
      creating = rows[0]?.pid;
    }
    freeze(creating);
    worker.child.kill('SIGKILL');
    await worker.ended();
    const name = await scratchOf(id);
    expect((await server.query('SELECT FROM pg_database WHERE datname = $1', [name])).rowCount).to.equal(0);
    tally.count('killed while the server hangs');
    await forgetTheDead(world);
    const successor = await world.startWorker();
    while (!/scratch database (is left|that a dead run left)/.test(successor.log())) await delay(20);
    process.kill(creating, 'SIGCONT');
    await world.settled();
    expect(await statusOf(id)).to.equal('passed');
    await checkInvariants(world);
  });
});
