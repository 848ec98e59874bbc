import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../../scripts/services/postgres.js';
import type { WorkerProcess } from '../process/world.js';
import { type Asker, asker } from './harness/asker.js';
import { type Api, type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { Tally } from './harness/seeds.js';
import { beginPeak, peakOf, watchWork } from './harness/watch-work.js';

/** FAULT_SIZE=full takes the sizes of the fault matrix, and an hour (docs/TESTING.md). */
const FULL = process.env.FAULT_SIZE === 'full';
const SIZE = FULL
  ? { tables: 100_000, rows: 5_000_000, largeObjects: 100_000, locks: 8_000, megabytes: 1_500, growth: 1_000 }
  : { tables: 600, rows: 150_000, largeObjects: 300, locks: 64, megabytes: 450, growth: 200 };

/** Fault 20 of docs/TESTING.md. */
describe('a source with many tables, a large table and many large objects', function () {
  this.timeout(FULL ? 4 * 3_600_000 : 120_000);
  let world: FaultWorld;
  let source: PostgresServer;
  let worker: WorkerProcess;
  let api: Api;
  let ask: Asker;
  const tally = new Tally(20);

  before(async () => {
    world = await openFaultWorld('large');
    // As small as it goes, until the server is told otherwise.
    source = await startPostgres({
      directory: join(world.folder, 'large'),
      settings: { max_connections: '20' },
    });
    await on('postgres', 'ALTER SYSTEM SET max_locks_per_transaction = 10');
    await source.restart();
    await on('postgres', 'CREATE DATABASE wide');
    await on('wide', MANY_TABLES);
    await on('postgres', 'CREATE DATABASE deep');
    await on('deep', LARGE_TABLE);
    await on('deep', LARGE_OBJECTS);
    world.environment.SOURCES_FILE = join(world.folder, 'sources.json');
    const sources = ['wide', 'deep'].map((name) => ({ name, url: source.url(name) }));
    writeFileSync(world.environment.SOURCES_FILE, JSON.stringify(sources));
    worker = await world.startWorker();
    api = await world.startApi();
    ask = asker(world, api);
  });
  after(async () => {
    tally.print();
    await world?.close();
    await source?.stop('immediate');
  });

  async function on(database: string, text: string): Promise<void> {
    const client = new pg.Client(source.url(database));
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
  }

  it('says which setting of the server is too small for so many tables', async () => {
    const { body } = await api.request('POST', '/backup/full', { body: { source: 'wide' } });
    const backup = await world.newestBackup(({ id, status }) => id === body.id && status === 'failed');
    expect(backup.error?.code).to.equal('DUMP_FAILED');
    expect(backup.error?.message).to.contain('SQLSTATE 53200');
    expect(backup.error?.hint).to.contain('max_locks_per_transaction');
    await on('postgres', `ALTER SYSTEM SET max_locks_per_transaction = ${SIZE.locks}`);
    await source.restart();
    tally.count('too few locks');
  });

  for (const [name, change] of [
    ['deep', `UPDATE scans SET note = 'changed' WHERE id % 1000 = 0`],
    ['wide', `UPDATE t8 SET v = 'changed'; INSERT INTO t9 VALUES (100, 'new')`],
  ] as const) {
    it(`is backed up, verified and proven in bounded memory, and nobody takes its place: ${name}`, async () => {
      const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
        const [began, before] = [Date.now(), beginPeak(worker.pid)];
        const result = await work();
        const grown = peakOf(worker.pid) - before;
        const seconds = Math.round((Date.now() - began) / 100) / 10;
        tell(`${name}, ${what}: ${seconds} s, worker ${peakOf(worker.pid)} MiB, ${grown} more than before`);
        expect(peakOf(worker.pid), `MiB of the worker: ${what}`).to.be.lessThan(SIZE.megabytes);
        expect(grown, `MiB that the worker grew by: ${what}`).to.be.lessThan(SIZE.growth);
        return result;
      };
      const seen = await watchWork(world, source.port, async () => {
        const full = await timed('full', () => ask.backup('full', name));
        await on(name, change);
        const tip = await timed('incremental', () => ask.backup('incremental', name));
        expect(tip).to.include({ type: 'incremental', baseId: full.id, attempts: 1 });
        expect(full.attempts).to.equal(1);
        for (const { id } of [full, tip])
          expect(await timed('verify', () => ask.verify(id))).to.include({ status: 'passed', reason: null });
        expect(await timed('prove', () => ask.prove(tip.id))).to.include({ status: 'passed' });
      });
      tell(`${name}: ${JSON.stringify(seen)}`);
      expect(seen.lapsed, 'leases that lapsed').to.equal(0);
      expect(worker.log()).to.not.match(/queue lock lost|starts again/);
      const lost = await world.sql('history', `SELECT id FROM runs WHERE state IN ('lost', 'interrupted')`);
      expect(lost).to.deep.equal([]);
      tally.count(name);
    });
  }

  it('and leaves nothing wrong', async () => {
    await world.settled();
    await checkInvariants(world, { tooLarge: true });
  });
});

function tell(text: string): void {
  if (FULL) process.stdout.write(`      ${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

/** In transactions of their own, for each holds the locks of its tables. */
const MANY_TABLES = `DO $$ BEGIN
  FOR i IN 1..${SIZE.tables} LOOP
    EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, v text)', i);
    IF i % 10 = 0 THEN EXECUTE format('INSERT INTO t%s SELECT g, md5(g::text) FROM generate_series(1, 9) g', i - 2); END IF;
    IF i % 50 = 0 THEN COMMIT; END IF;
  END LOOP; END $$`;

/** Half a kilobyte a row that gzip can do little with. */
const LARGE_TABLE = `CREATE TABLE scans AS SELECT g AS id,
    encode(sha512(g::text::bytea), 'hex') || encode(sha512((g * 7)::text::bytea), 'hex') ||
    encode(sha512((g * 11)::text::bytea), 'hex') || encode(sha512((g * 13)::text::bytea), 'hex') AS pixels, '' AS note
  FROM generate_series(1, ${SIZE.rows}) g;
  ALTER TABLE scans ADD PRIMARY KEY (id)`;

const LARGE_OBJECTS = `DO $$ BEGIN
  FOR i IN 1..${SIZE.largeObjects} LOOP
    PERFORM lo_from_bytea(0, convert_to(repeat(md5(i::text), 100), 'UTF8'));
    IF i % 50 = 0 THEN COMMIT; END IF;
  END LOOP; END $$`;
