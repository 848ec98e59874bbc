import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { contentOf } from '../../../shared/test/queues/content.js';
import { slowTable, type WorkerProcess } from '../process/world.js';
import { type Api, type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, Tally } from './harness/seeds.js';

/** Fault 3 of docs/TESTING.md. */
describe('a connection to history that ends exactly at the commit', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  let api: Api;
  let worker: WorkerProcess;
  const tally = new Tally(3);

  before(async () => {
    world = await openFaultWorld('commit', { sources: ['gone', 'other'] });
    await world.sql('source', slowTable(2_000));
    await world.sql('source_other', slowTable(500));
    await world.sql('postgres', 'DROP DATABASE source_gone');
    api = await world.startApi(world.through('history'));
    worker = await world.startWorker(world.through('history'));
  });
  after(async () => {
    tally.print();
    await world?.close();
  });

  const ask = async (path: string, body: object = {}) => {
    const answer = await api.request('POST', path, { body });
    expect(answer.status, JSON.stringify(answer.body)).to.equal(202);
    return answer.body as { id: string };
  };
  async function ended(id: string) {
    const row = `SELECT type, status, attempts, error_code AS code FROM backups WHERE id = '${id}' AND ended_at IS NOT NULL`;
    for (;;) {
      const [backup] = await world.sql('history', row);
      if (backup !== undefined) return backup;
      await delay(50);
    }
  }
  const ids = async (table: string) =>
    (await world.sql('history', `SELECT id FROM ${table}`)).map(({ id }) => String(id));
  const runs = async (id: string) =>
    (await world.sql('history', `SELECT state FROM runs WHERE subject_id = '${id}'`)).map(
      ({ state }) => state,
    );
  const events = async (target: string) =>
    (
      await world.sql(
        'history',
        `SELECT action, result FROM audit_events WHERE target = '${target}' ORDER BY seq`,
      )
    ).map(({ action, result }) => `${action} ${result}`);
  const jobEnded = async (id: string) => {
    while (!(await contentOf(world.redis.url)).get('{safekeep}:backup:completed')?.includes(id))
      await delay(50);
  };
  const attemptsThatEnded = () => worker.log().split('attempt ended').length - 1;

  for (const { number, random } of SEEDS) {
    for (const what of ['answer', 'request'] as const) {
      describe(`and loses the ${what} (seed ${number})`, () => {
        /** Tells when the commit of the transaction with this statement, or the statement itself, was lost. */
        const lose = (name: string, statement: string, to = 'COMMIT'): Promise<void> => {
          const { history } = world.network;
          const exchange = { after: statement, to };
          const lost = what === 'answer' ? history.loseAnswer(exchange) : history.loseRequest(exchange);
          return lost.then(() => tally.count(`${what} of the ${name} lost`));
        };

        it('that completes a backup makes neither a second one nor a failure', async () => {
          const failed = attemptsThatEnded();
          const lost = lose('completion', `status = 'completed', started_at`);
          const { id } = await ask('/backup/full');
          await lost;
          expect(await ended(id)).to.include({ status: 'completed', attempts: 1, code: null });
          await jobEnded(id);
          expect(await events(id)).to.deep.equal(['backup.request ok', 'backup.completed ok']);
          expect(await runs(id)).to.deep.equal(['completed']);
          expect(attemptsThatEnded(), 'attempts that failed').to.equal(failed);
        });

        it('that ends a backup as failed leaves one failure, with its reason', async () => {
          const lost = lose('failure', 'ended_at = now(), error_code = $2');
          const { id } = await ask('/backup/full', { source: 'gone' });
          await lost;
          expect(await ended(id)).to.include({
            status: 'failed',
            attempts: 1,
            code: 'SOURCE_LOGIN_FAILED',
          });
          expect(await events(id)).to.deep.equal(['backup.request ok', 'backup.failed failed']);
        });

        it('that claims a source makes no attempt that nobody carries out', async () => {
          const lost = lose('claim', 'INSERT INTO runs');
          const { id } = await ask('/backup/full', { source: random.pick(['main', 'other']) });
          await lost;
          expect(await ended(id)).to.include({ status: 'completed', attempts: 1 });
          expect(await runs(id)).to.deep.equal(['completed']);
        });

        it('that accepts a request is asked for once more: one backup, and the API says 202', async () => {
          const before = await ids('backups');
          const lost = lose('request', 'INSERT INTO backups');
          const { id } = await ask('/backup/full', { source: random.pick(['main', 'other']) });
          await lost;
          expect(await ids('backups')).to.have.members([...before, id]);
          expect(await ended(id)).to.include({ status: 'completed' });
          expect(await events(id)).to.deep.equal(['backup.request ok', 'backup.completed ok']);
        });

        it('that makes an incremental a full backup costs no attempt', async () => {
          const failed = attemptsThatEnded();
          await ended((await ask('/backup/full', { source: 'other' })).id);
          // No transaction id tells which rows got it.
          await world.sql('source_other', 'ALTER TABLE scans ADD COLUMN seen boolean DEFAULT true');
          const statement = `SET type = 'full', promoted_reason`;
          const lost = lose('promotion', statement, statement);
          const { id } = await ask('/backup/incremental', { source: 'other' });
          await lost;
          expect(await ended(id)).to.include({ status: 'completed', type: 'full', attempts: 1 });
          expect(attemptsThatEnded(), 'attempts that failed').to.equal(failed);
          await world.sql('source_other', 'ALTER TABLE scans DROP COLUMN seen');
        });

        it('that accepts and that ends a verification leaves one row and one verdict', async () => {
          const backup = await world.newestBackup(({ status }) => status === 'completed');
          const before = await ids('verifications');
          const asked = lose('request of a verification', 'INSERT INTO verifications');
          const { id } = await ask(`/backup/${backup.id}/verify`);
          await asked;
          await world.settled();
          const lost = lose('verdict', 'UPDATE verifications SET status = $2, verdict');
          const { id: second } = await ask(`/backup/${backup.id}/verify`);
          await lost;
          await world.settled();
          expect(await ids('verifications')).to.have.members([...before, id, second]);
          const passed = (await events(backup.id)).filter((event) => event === 'verification.passed ok');
          expect(passed).to.have.length(2);
        });
      });
    }

    // Tests that stand beside suites run before them.
    describe(`in the end (seed ${number})`, () => {
      it('history, files and queue agree', async () => {
        await world.settled();
        await checkInvariants(world);
      });
    });
  }
});
