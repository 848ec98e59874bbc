import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { contentOf } from '../../../shared/test/queues/content.js';
import { slowTable } from '../process/world.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, Tally } from './harness/seeds.js';

/** Fault 3 of docs/TESTING.md. */
describe('a connection to history that ends exactly at the commit', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  const tally = new Tally(3);

  before(async () => {
    world = await openFaultWorld('commit');
    await world.sql('source', slowTable(2_000));
  });
  after(async () => {
    tally.print();
    await world?.close();
  });
  afterEach(() => world.killWorkers());

  for (const { number } of SEEDS) {
    for (const what of ['answer', 'request'] as const) {
      it(`and loses the ${what} that completes a backup makes neither a second one nor a failure (seed ${number})`, async () => {
        const worker = await world.startWorker(world.through('history'));
        const exchange = { after: `status = 'completed', started_at`, to: 'COMMIT' };
        const { history } = world.network;
        const lost = what === 'answer' ? history.loseAnswer(exchange) : history.loseRequest(exchange);
        const { stdout } = await world.cli(['full', '--json', '--no-wait']);
        const { id } = JSON.parse(stdout) as { id: string };
        await lost;
        tally.count(`${what} of the completion's commit lost`);
        await world.settled();
        const backup = await world.newestBackup((candidate) => candidate.id === id);
        expect(backup).to.include({ status: 'completed', attempts: 1 });
        while (!(await contentOf(world.redis.url)).get('{safekeep}:backup:completed')?.includes(id))
          await delay(50);
        expect(worker.log().includes('attempt ended'), 'an attempt that failed').to.equal(false);
        await checkInvariants(world);
      });
    }
  }
});
