import { expect } from 'chai';
import { slowTable } from '../process/world.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, Tally } from './harness/seeds.js';

/** Fault 3 of docs/TESTING.md. */
describe('an answer of history that is lost at the commit', function () {
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
    it(`that completes a backup makes neither a second one nor a failure (seed ${number})`, async () => {
      await world.startWorker(world.through('history'));
      const lost = world.network.history.loseAnswer({
        after: `status = 'completed', started_at`,
        to: 'COMMIT',
      });
      const { stdout } = await world.cli(['full', '--json', '--no-wait']);
      const { id } = JSON.parse(stdout) as { id: string };
      await lost;
      tally.count('commit of the completion');
      await world.settled();
      const backup = await world.newestBackup((candidate) => candidate.id === id);
      expect(backup).to.include({ status: 'completed', attempts: 1 });
      await checkInvariants(world);
    });
  }
});
