import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { shell, wholeText } from '../process/by-hand.js';
import { asker } from './harness/asker.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { type OddSource, oddSource } from './harness/odd-source.js';
import { SEEDS, Tally } from './harness/seeds.js';

/** Fault 21 of docs/TESTING.md. */
describe('a source full of odd names', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  let api: Awaited<ReturnType<FaultWorld['startApi']>>;
  const sources = SEEDS.map(({ number, random }) => oddSource(random, number));
  const tally = new Tally(21);

  before(async () => {
    world = await openFaultWorld('odd-names');
    const configured: object[] = [];
    for (const [at, source] of sources.entries()) configured.push(await makeSource(source, at));
    world.environment.SOURCES_FILE = join(world.folder, 'sources.json');
    writeFileSync(world.environment.SOURCES_FILE, JSON.stringify(configured));
    await world.startWorker();
    api = await world.startApi();
  });
  after(async () => {
    tally.print();
    await world?.close();
  });

  async function makeSource({ database, login, makeRoles, fill }: OddSource, at: number): Promise<object> {
    await world.sql('postgres', makeRoles);
    await world.sql('postgres', `CREATE DATABASE ${pg.escapeIdentifier(database)} TEMPLATE template0`);
    await world.sql(database, fill);
    const url = new URL(world.postgres.url(database));
    url.username = encodeURIComponent(login.role);
    url.password = encodeURIComponent(login.password);
    return { name: `odd${at}`, url: url.href };
  }

  const linesOf = async (database: string) =>
    (await wholeText(world.postgres.url(database))).split('\n').sort();

  for (const [at, { number }] of SEEDS.entries()) {
    it(`is dumped, verified and restored as it was, as full and as incremental (seed ${number})`, async () => {
      const source = sources[at] as OddSource;
      const ask = asker(world, api);
      const full = await ask.backup('full', `odd${at}`);
      await world.sql(source.database, source.change);
      const tip = await ask.backup('incremental', `odd${at}`);
      expect(tip).to.include({ type: 'incremental', baseId: full.id });
      for (const { id } of [full, tip]) {
        expect(await ask.verify(id)).to.include({ status: 'passed', reason: null });
        expect(await ask.prove(id)).to.include({ status: 'passed', reason: null });
      }
      const restored = await ask.restore(tip.id, source.target, { withRoles: true, withGrants: true });
      expect(restored).to.include({ status: 'completed', reason: null });
      expect(await linesOf(source.target)).to.deep.equal(await linesOf(source.database));
      await expectRoles(source, join(world.backupDirectory, `odd${at}`, full.fileName ?? ''));
      tally.count('database');
    });
  }

  async function expectRoles({ roles, login }: OddSource, file: string): Promise<void> {
    const companion = file.replace('.pgdump.enc.gz', '.globals.sql.enc');
    const text = await shell('openssl enc -aes-256-cbc -d -pbkdf2 -pass "file:$KEY_FILE" -in "$FILE"', {
      KEY_FILE: world.keyFile,
      FILE: companion,
    });
    for (const role of [...roles, login.role])
      expect(text).to.contain(`CREATE ROLE ${pg.escapeIdentifier(role)};`);
  }

  it('and leaves nothing wrong', async () => {
    await world.settled();
    await checkInvariants(world, { rowValues: sources.map(({ login }) => login.password) });
  });
});
