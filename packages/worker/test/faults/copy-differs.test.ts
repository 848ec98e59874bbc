import type { Backup } from '@safekeep/shared/contracts/backup';
import { expect } from 'chai';
import type { Random } from '../property/random.js';
import { type Asker, alertOf, asker } from './harness/asker.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { meddle } from './harness/meddle.js';
import { SEEDS, Tally } from './harness/seeds.js';

const ROW_VALUE = 'Mrs-Nobody-has-a-secret-diagnosis';
const ROWS = 500;

const anyId = (random: Random) => random.between(1, ROWS);

/** How a copy differs from its backup, and the findings that say so. */
const DIFFERENCES = [
  {
    what: 'one row less',
    change: (random: Random) => `DELETE FROM patients WHERE id = ${anyId(random)}`,
    findings: [{ kind: 'rows', object: 'public.patients', expected: ROWS, actual: ROWS - 1 }],
  },
  {
    what: 'one row more',
    change: (random: Random) =>
      `INSERT INTO patients SELECT 9999, name FROM patients WHERE id = ${anyId(random)}`,
    findings: [{ kind: 'rows', object: 'public.patients', expected: ROWS, actual: ROWS + 1 }],
  },
  {
    what: 'one letter of one row',
    change: (random: Random) => `UPDATE patients SET name = name || 'x' WHERE id = ${anyId(random)}`,
    findings: [
      {
        kind: 'content',
        object: 'public.patients',
        expected: 'the same values',
        actual: 'other values',
      },
    ],
  },
  {
    what: 'one column less',
    change: () => 'ALTER TABLE visits DROP COLUMN note',
    findings: [
      { kind: 'content', object: 'public.visits', expected: 'the same values', actual: 'other values' },
      {
        kind: 'table',
        object: 'public.visits',
        expected: 'the same definition',
        actual: 'another definition',
      },
    ],
  },
  {
    what: 'one column of another type',
    change: () => 'ALTER TABLE visits ALTER note TYPE varchar',
    findings: [
      {
        kind: 'table',
        object: 'public.visits',
        expected: 'the same definition',
        actual: 'another definition',
      },
    ],
  },
  {
    what: 'one sequence set back',
    change: () => `SELECT setval('numbers', 4710)`,
    findings: [{ kind: 'sequence', object: 'public.numbers', expected: '4711', actual: '4710' }],
  },
];

/** Fault 23 of docs/TESTING.md. */
describe('a restored copy that differs from its backup', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  let ask: Asker;
  let full: Backup;
  const tally = new Tally(23);

  before(async () => {
    world = await openFaultWorld('differs');
    await world.sql(
      'source',
      `CREATE TABLE patients (id int PRIMARY KEY, name text);
       INSERT INTO patients SELECT g, '${ROW_VALUE}-' || g FROM generate_series(1, ${ROWS}) g;
       CREATE TABLE visits (patient int, note text); INSERT INTO visits SELECT g, 'note ' || g FROM generate_series(1, 99) g;
       CREATE SEQUENCE numbers; SELECT setval('numbers', 4711)`,
    );
    await world.startWorker(world.through('source'));
    ask = asker(world, await world.startApi());
    full = await ask.backup('full');
  });
  after(async () => {
    tally.print();
    await world?.close();
  });

  for (const { number, random } of SEEDS) {
    for (const { what, change, findings } of DIFFERENCES) {
      it(`by ${what} fails its recovery test, which says where (seed ${number})`, async () => {
        const [proven] = await Promise.all([ask.prove(full.id), meddle(world, change(random))]);
        expect(proven).to.include({ status: 'failed', errorCode: null });
        expect(proven.reason).to.match(/^The restored copy differs from the backup's sidecar in \d thing/);
        expect(proven.findings).to.deep.equal(findings);
        tally.count(what);
      });
    }

    it(`is told on the command line, with exit code 5 and an alert, and by no value of a row (seed ${number})`, async () => {
      const { change, findings } = random.pick(DIFFERENCES);
      const [{ code, stdout, stderr }] = await Promise.all([
        world.cli(['verify', full.id]),
        meddle(world, change(random)),
      ]);
      expect(code).to.equal(5);
      expect(stdout).to.contain('FAILED').and.to.contain(findings[0]?.object);
      expect(stdout + stderr).to.not.contain(ROW_VALUE);
      expect(await alertOf(world, 'recovery-test-failed', { source: 'main' })).to.include({
        severity: 'critical',
      });
      expect(await ask.prove(full.id)).to.include({ status: 'passed' });
      const told = await world.sql<{ result: string }>(
        'history',
        `SELECT DISTINCT result FROM audit_events WHERE action = 'recovery-test.failed'`,
      );
      expect(told).to.have.length(1);
      await world.settled();
      await checkInvariants(world, { rowValues: [ROW_VALUE] });
    });
  }
});
