import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '@safekeep/shared/config/secret';
import type { Backup } from '@safekeep/shared/contracts/backup';
import type { Restore } from '@safekeep/shared/contracts/restore';
import { Producer } from '@safekeep/shared/queues/producer';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { wholeText } from './by-hand.js';
import { openWorld, slowTable, type World } from './world.js';

describe('backup.sh restore', function () {
  this.timeout(120_000);
  let world: World;
  let backup: Backup;

  before(async () => {
    world = await openWorld('restore');
    await world.sql('source', `${slowTable(8_000)}; CREATE TABLE visits AS SELECT 1 AS id`);
    await world.startWorker();
    const { stdout, stderr, code } = await world.cli(['full', '--json']);
    expect(code, stderr).to.equal(0);
    backup = JSON.parse(stdout) as Backup;
  });
  after(() => world?.close());

  const restore = (...args: string[]) => world.cli(['restore', ...args]);
  const newest = async () =>
    (
      await world.sql<{ id: string; status: string; attempts: number }>(
        'history',
        `SELECT id, status, (SELECT count(*)::int FROM runs WHERE subject_id = r.id) AS attempts
       FROM restores r ORDER BY created_at DESC LIMIT 1`,
      )
    )[0];

  /** As the reconciler does it, which takes longer. */
  async function queueAnew(restoreId: string): Promise<void> {
    const redis = new Redis(world.redis.url);
    await redis.flushall();
    redis.disconnect();
    const producer = new Producer(new Secret(world.redis.url), () => {});
    await producer.enqueue('restore-test', 'restore', restoreId, { restoreId });
    await producer.close();
  }

  it('--backup latest makes a database that is equal to the source, and the audit trail tells who did it', async () => {
    const name = `-copy "1" = x://y`;
    const { code, stdout, stderr } = await restore('--backup', 'latest', `--into=${name}`, '--json');
    expect(code, stderr).to.equal(0);
    const row = JSON.parse(stdout) as Restore;
    expect(row).to.include({
      backupId: backup.id,
      status: 'completed',
      targetDatabase: name,
      requestedVia: 'cli',
    });
    expect(row.facts).to.include({ tables: 2, rows: 8001, created: true });
    expect(await wholeText(world.postgres.url(name))).to.equal(await wholeText(world.postgres.url('source')));
    const events = await world.sql(
      'history',
      `SELECT action, result, target FROM audit_events WHERE action LIKE 'restore.%' ORDER BY seq`,
    );
    expect(events).to.deep.equal([
      { action: 'restore.request', result: 'ok', target: backup.id },
      { action: 'restore.completed', result: 'ok', target: backup.id },
    ]);
  });

  it('says for people what was restored, and what was not', async () => {
    const { code, stdout } = await restore('--backup', backup.id, '--into', 'some', '--tables', 'visits');
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/tables +1 with 1 row\(s\)/)
      .and.contain('only 1 of 2 table(s)');
  });

  it('exits with 6 for a database that holds data, and with its reasons', async () => {
    const { code, stdout } = await restore('--backup', 'latest', '--into', 'some');
    expect(code).to.equal(6);
    expect(stdout).to.contain('never restores over data');
  });

  const wrong: [promise: string, args: string[], exit: number, words: string][] = [
    ['no database', ['--backup', 'latest'], 2, '--into'],
    ['an id that is none', ['--backup', 'newest', '--into', 'x'], 2, 'latest'],
    ['an unknown id', ['--backup', 'b0a3c3d2-0000-4000-8000-000000000000', '--into', 'x'], 2, 'no backup'],
    ['an unknown source', ['--backup', 'latest', '--into', 'x', '--source', 'lab'], 2, 'no source'],
    ['empty tables', ['--backup', 'latest', '--into', 'x', '--tables', 'a,,b'], 2, '--tables'],
  ];
  for (const [promise, args, exit, words] of wrong) {
    it(`refuses ${promise}`, async () => {
      const { code, stderr } = await restore(...args);
      expect(code, stderr).to.equal(exit);
      expect(stderr).to.contain(words);
    });
  }

  it('restores nothing of a damaged file, and exits with 5', async () => {
    const file = join(world.backupDirectory, backup.fileName ?? '');
    const whole = readFileSync(file);
    const broken = Buffer.from(whole);
    broken.writeUInt8(broken.readUInt8(whole.length >> 1) ^ 1, whole.length >> 1);
    writeFileSync(file, broken);
    const { code, stdout } = await restore('--backup', 'latest', '--into', 'damaged').finally(() =>
      writeFileSync(file, whole),
    );
    expect(code).to.equal(5);
    expect(stdout).to.contain('cannot be trusted (checksum');
    expect(await world.sql('postgres', `SELECT FROM pg_database WHERE datname = 'damaged'`)).to.have.length(
      0,
    );
  });

  it('goes on with another worker when its own is killed half-way, and leaves no file behind', async () => {
    const asked = restore('--backup', 'latest', '--into', 'survivor', '--no-wait');
    // The server itself looks, for a small database is filled before a second connection could.
    await world.sql(
      'postgres',
      `DO $$ BEGIN
        WHILE NOT EXISTS (
          SELECT FROM pg_stat_activity WHERE datname = 'survivor' AND application_name LIKE 'safekeep-%'
        ) LOOP
          PERFORM pg_sleep(0.001), pg_stat_clear_snapshot();
        END LOOP; END $$`,
    );
    await world.killWorkers();
    expect((await asked).code).to.equal(0);
    // The lease of the dead run and the queue's lock on its job lapse in a minute; that is not waited for here.
    await world.sql(
      'history',
      `UPDATE runs SET lease_until = now() - interval '1 s' WHERE state = 'running'`,
    );
    await queueAnew((await newest())?.id ?? '');
    await world.startWorker();
    for (let row = await newest(); row?.status !== 'completed'; row = await newest()) {
      expect(row?.status).to.not.equal('failed');
      await delay(200);
    }
    expect((await newest())?.attempts).to.equal(2);
    expect(await wholeText(world.postgres.url('survivor'))).to.equal(
      await wholeText(world.postgres.url('source')),
    );
    expect(readdirSync(world.backupDirectory).filter((name) => name.includes('partial'))).to.deep.equal([]);
  });
});
