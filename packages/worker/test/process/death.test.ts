import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { namesOf } from '@safekeep/shared/storage/backup-names';
import { expect } from 'chai';
import { openWorld, slowTable, type World } from './world.js';

interface RunRow {
  state: string;
  worker: string;
  startedAt: Date;
  endedAt: Date | null;
}

describe('a worker that dies or is told to stop', function () {
  this.timeout(150_000);
  let world: World;

  beforeEach(async () => {
    world = await openWorld('death');
    await world.sql('source', slowTable(200_000));
  });
  afterEach(() => world?.close());

  const files = () => readdirSync(world.backupDirectory);
  const finalNames = () => files().filter((name) => !name.startsWith('.'));
  const runs = () =>
    world.sql<RunRow>(
      'history',
      `SELECT state, worker, started_at AS "startedAt", ended_at AS "endedAt" FROM runs ORDER BY token`,
    );

  it('SIGTERM twice gives the running backup back: no partial stays, the next worker takes it', async () => {
    const first = await world.startWorker();
    await world.cli(['full', '--no-wait']);
    await world.newestBackup((backup) => (backup.progress?.percent ?? 0) > 10);
    first.child.kill('SIGTERM');
    await delay(100);
    first.child.kill('SIGTERM');
    expect(await first.ended()).to.equal(0);
    expect(files()).to.deep.equal([]);
    const waiting = await world.newestBackup(() => true);
    expect(waiting.status).to.equal('queued');
    expect(waiting.error?.code).to.equal('RUN_INTERRUPTED');

    await world.startWorker();
    const backup = await world.newestBackup((candidate) => candidate.status === 'completed');
    expect(backup.attempts).to.equal(2);
    expect(backup.error).to.equal(null);
    expect((await runs()).map((run) => run.state)).to.deep.equal(['interrupted', 'completed']);
  });

  it('SIGTERM lets a backup that is nearly done come to its end', async () => {
    const worker = await world.startWorker();
    await world.cli(['full', '--no-wait']);
    await world.newestBackup((backup) => (backup.progress?.percent ?? 0) > 30);
    worker.child.kill('SIGTERM');
    expect(await worker.ended()).to.equal(0);
    const backup = await world.newestBackup(() => true);
    expect(backup.status).to.equal('completed');
  });

  it('a frozen worker that wakes up after its place was taken publishes nothing', async () => {
    const zombie = await world.startWorker();
    await world.cli(['full', '--no-wait']);
    await world.newestBackup((backup) => (backup.progress?.percent ?? 0) > 10);
    zombie.child.kill('SIGSTOP');
    await world.sql(
      'history',
      `UPDATE runs SET lease_until = now() - interval '1 second' WHERE state = 'running'`,
    );
    await world.startWorker();
    const backup = await world.newestBackup((candidate) => candidate.status === 'completed');
    zombie.child.kill('SIGCONT');
    while (!zombie.log().includes('RUN_FENCED')) await delay(100);
    const name = backup.fileName ?? '';
    expect(finalNames()).to.have.members(namesOf(name));
    const after = await world.newestBackup(() => true);
    expect(after).to.deep.include({
      status: 'completed',
      fileName: backup.fileName,
      checksum: backup.checksum,
    });
  });
});
