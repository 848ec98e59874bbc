import { expect } from 'chai';
import { type Asker, alertOf, asker } from './harness/asker.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, type Seed, Tally } from './harness/seeds.js';

const ROWS = 2_000;

/** A source of its own: what is usual for a source is learned from its own past. */
const clinicOf = ({ number }: Pick<Seed, 'number'>) => `clinic${number}`;

/** Fault 22 of docs/TESTING.md. */
describe('a source that holds nothing, or suddenly far less', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  let ask: Asker;
  const tally = new Tally(22);

  before(async () => {
    world = await openFaultWorld('shrinks', { sources: ['empty', ...SEEDS.map(clinicOf)] });
    await world.startWorker();
    ask = asker(world, await world.startApi());
  });
  after(async () => {
    tally.print();
    await world?.close();
  });

  async function expectProven(id: string): Promise<void> {
    expect(await ask.verify(id)).to.include({ status: 'passed', verdict: 'sound' });
    expect(await ask.prove(id)).to.include({ status: 'passed', reason: null });
  }

  it('has backups that are verified, proven and restored when it holds no table at all', async () => {
    for (const type of ['full', 'incremental'] as const) {
      const { id, rowCount } = await ask.backup(type, 'empty');
      expect(rowCount).to.equal(0);
      await expectProven(id);
      expect(await ask.restore(id, `copy_${type}`)).to.include({ status: 'completed' });
      tally.count(`empty, ${type}`);
    }
  });

  for (const { number, random } of SEEDS) {
    const clinic = clinicOf({ number });
    it(`has a sound backup and an anomaly that names the table when 90 % of its rows are gone (seed ${number})`, async () => {
      const gone = random.between(Math.ceil(ROWS * 0.9), ROWS);
      await world.sql(
        `source_${clinic}`,
        `CREATE TABLE patients AS SELECT g AS id, md5(g::text) AS name FROM generate_series(1, ${ROWS}) g;
         CREATE TABLE visits AS SELECT g AS id FROM generate_series(1, ${ROWS}) g`,
      );
      for (let before = random.between(1, 3); before > 0; before -= 1) await ask.backup('full', clinic);
      await world.sql(`source_${clinic}`, `DELETE FROM patients WHERE id <= ${gone}`);
      const { id } = await ask.backup('full', clinic);
      await expectProven(id);
      const { severity, message } = await alertOf(world, 'size-anomaly', { source: clinic });
      expect(severity).to.equal('critical');
      expect(message).to.contain(`table public.patients: ${ROWS - gone} rows after ${ROWS}`);
      expect(message).to.contain('The backup itself is sound').and.to.not.contain('visits');
      tally.count('shrunk by 90 %');
    });
  }

  it('and leaves nothing wrong', async () => {
    const anomalies = await world.sql(
      'history',
      `SELECT DISTINCT source FROM alerts WHERE rule = 'size-anomaly'`,
    );
    expect(anomalies).to.have.deep.members(SEEDS.map((seed) => ({ source: clinicOf(seed) })));
    await world.settled();
    await checkInvariants(world);
  });
});
