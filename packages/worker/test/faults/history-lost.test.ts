import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { slowTable, type WorkerProcess } from '../process/world.js';
import type { Random } from '../property/random.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, Tally } from './harness/seeds.js';

/** The statement that ends a backup well, and the one that ends it otherwise. */
const SUCCESS = `status = 'completed', started_at`;
const FAILURE = 'SET status = $5, ended_at';

const KINDS = ['refuses', 'is silent', 'is stopped at once'] as const;

/** Fault 7 of docs/TESTING.md. */
describe('a history database that is down when a backup ends', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  let worker: WorkerProcess;
  const tally = new Tally(7);

  before(async () => {
    world = await openFaultWorld('history-lost', { sources: ['gone'] });
    await world.sql('source', slowTable(2_000));
    await world.sql('postgres', 'DROP DATABASE source_gone');
    worker = await world.startWorker(world.through('history'));
  });
  after(async () => {
    tally.print();
    await world?.close();
  });

  /** Takes a backup up to the statement that would end it; history is down from there on. */
  async function downAtTheEnd(source: string, statement: string, random: Random): Promise<Ending> {
    const held = world.network.history.hold(statement);
    const { stdout } = await world.cli(['full', '--json', '--no-wait', '--source', source]);
    const { id } = JSON.parse(stdout) as { id: string };
    await held;
    const [run] = await world.sql('history', `SELECT file_name AS name FROM runs WHERE subject_id = '${id}'`);
    const kind = random.pick(KINDS);
    if (kind === 'refuses') world.network.history.refuse();
    else if (kind === 'is silent') world.network.history.blackHole();
    else await world.postgres.stop('immediate');
    await delay(random.between(0, 4_000));
    return { id, kind, fileName: run?.name ?? null };
  }

  async function backAgain({ kind }: Ending): Promise<void> {
    if (kind === 'is stopped at once') await world.postgres.restart();
    world.network.history.mend();
  }

  /** What a dead worker's lease and the queue's lock would take a minute or two to say. */
  async function forgetTheDead(): Promise<void> {
    await world.sql('history', `UPDATE runs SET lease_until = now() WHERE state = 'running'`);
    await world.sql('history', `UPDATE backups SET created_at = created_at - interval '1 minute'`);
    const redis = new Redis(world.redis.url);
    await redis.flushall();
    redis.disconnect();
  }

  const read = async (id: string) =>
    (
      await world.sql(
        'history',
        `SELECT status, attempts, file_name AS "fileName", error_code AS code FROM backups WHERE id = '${id}'`,
      )
    )[0];
  const endsOf = async (id: string) =>
    world.sql(
      'history',
      `SELECT action, detail->>'from' AS from FROM audit_events WHERE target = '${id}' AND action <> 'backup.request'`,
    );
  const published = (name: string | null) =>
    expect(existsSync(join(world.backupDirectory, `${name}.meta`)), 'its sidecar is there').to.equal(true);

  for (const { number, random } of SEEDS) {
    it(`the backup is published and its row completed when history is back (seed ${number})`, async () => {
      const ending = await downAtTheEnd('main', SUCCESS, random);
      published(ending.fileName);
      await backAgain(ending);
      await world.settled();
      const { id, fileName } = ending;
      expect(await read(id)).to.deep.equal({ status: 'completed', attempts: 1, fileName, code: null });
      expect(await endsOf(id)).to.deep.equal([{ action: 'backup.completed', from: null }]);
      tally.count(`${ending.kind}, success`);
    });

    it(`and the worker is killed before history is back: another completes the row from the sidecar, and takes nothing twice (seed ${number})`, async () => {
      const ending = await downAtTheEnd('main', SUCCESS, random);
      published(ending.fileName);
      worker.child.kill('SIGKILL');
      await worker.ended();
      await backAgain(ending);
      expect(await read(ending.id)).to.include({ status: 'running' });
      await forgetTheDead();
      worker = await world.startWorker(world.through('history'));
      await world.settled();
      const { id, fileName } = ending;
      expect(await read(id)).to.include({ status: 'completed', fileName, code: null });
      expect(await endsOf(id)).to.deep.equal([{ action: 'backup.completed', from: 'sidecar' }]);
      tally.count(`${ending.kind}, success, worker killed`);
    });

    it(`a failure, too, is written with its reason when history is back (seed ${number})`, async () => {
      const ending = await downAtTheEnd('gone', FAILURE, random);
      await backAgain(ending);
      await world.settled();
      expect(await read(ending.id)).to.include({
        status: 'failed',
        attempts: 1,
        code: 'SOURCE_LOGIN_FAILED',
      });
      expect(await endsOf(ending.id)).to.deep.equal([{ action: 'backup.failed', from: null }]);
      tally.count(`${ending.kind}, failure`);
    });
  }

  it('history, files and queue agree in the end', () => checkInvariants(world));
});

interface Ending {
  readonly id: string;
  readonly kind: (typeof KINDS)[number];
  readonly fileName: string | null;
}
