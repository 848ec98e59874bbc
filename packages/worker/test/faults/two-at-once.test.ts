import { setTimeout as delay } from 'node:timers/promises';
import { QUEUE_PREFIX } from '@safekeep/shared/queues/contracts';
import { Queue } from 'bullmq';
import { expect } from 'chai';
import { dueThreeHoursAgo, letDaysPass } from '../../../shared/test/schedules/rows.js';
import { slowTable } from '../process/world.js';
import { type Api, type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, Tally } from './harness/seeds.js';

/** Fault 16 of docs/TESTING.md. */
describe('two that want the same at once', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  let api: Api;
  let queue: Queue;
  const tally = new Tally(16);

  before(async () => {
    world = await openFaultWorld('two-at-once');
    await world.sql('source', slowTable(40_000));
    const environment = { SCHEDULE_FULL: dueThreeHoursAgo() };
    api = await world.startApi(environment);
    queue = new Queue('backup', { connection: { url: world.redis.url }, prefix: QUEUE_PREFIX });
  });
  after(async () => {
    tally.print();
    await queue?.close();
    await world?.close();
  });

  const history = <T extends Record<string, unknown>>(text: string) => world.sql<T>('history', text);
  const startWorker = () => world.startWorker({ RESTORE_DATABASE_URL: world.postgres.url('postgres') });

  for (const { number, random } of SEEDS) {
    it(`workers for one source, manual and scheduled backups: one runs, the others wait and say why (seed ${number})`, async () => {
      await world.killWorkers();
      const before = await history(`SELECT id FROM backups`);
      await history('DELETE FROM due_runs');
      await letDaysPass({ query: history });
      const manual = random.between(1, 2);
      const starting = [0, 0, 0].map(async () => {
        await delay(random.between(0, 1_000));
        await startWorker();
      });
      const asking = Array.from({ length: manual }, async () => {
        await delay(random.between(0, 2_500));
        const { status, body } = await api.request('POST', '/backup/full', { body: {} });
        expect(status, JSON.stringify(body)).to.equal(202);
      });
      await Promise.all([...starting, ...asking]);
      while ((await history(`SELECT FROM due_runs WHERE name = 'full'`)).length === 0) await delay(50);
      await world.settled();

      const known = before.map(({ id }) => id);
      const all = await history<{ id: string; via: string; status: string; attempts: number }>(
        'SELECT id, requested_via AS via, status, attempts FROM backups',
      );
      const rows = all.filter(({ id }) => !known.includes(id));
      expect(rows.filter(({ via }) => via === 'schedule')).to.have.length(1);
      expect(rows.filter(({ via }) => via === 'api')).to.have.length(manual);
      for (const row of rows) expect(row).to.include({ status: 'completed', attempts: 1 });
      const logs = await Promise.all(
        rows.map(async ({ id }) => (await queue.getJobLogs(id)).logs.join('\n')),
      );
      expect(logs.join('\n')).to.contain('waits: another backup of source main is running');
      tally.count(`scheduled with ${manual} manual`);
    });

    it(`restores into one database: one runs, the others are refused with the reason (seed ${number})`, async () => {
      const { id } = await world.newestBackup(({ status }) => status === 'completed');
      const body = { backupId: id, targetDatabase: `copy_${number}` };
      const answers = await Promise.all(
        Array.from({ length: random.between(3, 6) }, async () => {
          await delay(random.between(0, 30));
          return api.request('POST', '/backup/recovery/restore', { body });
        }),
      );
      const refused = answers.filter(({ status }) => status !== 202);
      expect(refused).to.have.length(answers.length - 1);
      for (const answer of refused) expect(answer.body).to.include({ status: 409, code: 'TARGET_BUSY' });
      await world.settled();
      const restores = await history(`SELECT status FROM restores WHERE target_database = 'copy_${number}'`);
      expect(restores).to.deep.equal([{ status: 'completed' }]);
      tally.count('restores');
    });
  }

  it('leave history, files and queue in agreement', () => checkInvariants(world));
});
