import { expect } from 'chai';
import { Redis } from 'ioredis';
import { openWorld, slowTable, type World } from './world.js';

describe('a Redis that loses its data', function () {
  this.timeout(120_000);
  let world: World;

  before(async () => {
    world = await openWorld('redis');
    await world.sql('source', slowTable(250_000));
    await world.sql('postgres', 'CREATE DATABASE nothing_yet');
  });
  after(() => world?.close());

  async function flush(): Promise<void> {
    const redis = new Redis(world.redis.url);
    await redis.flushall();
    redis.disconnect();
  }

  it('while a backup waits: history puts it back on the queue, and it runs once', async () => {
    const worker = await world.startWorker();
    await world.killWorkers();
    expect(worker.log()).to.contain('worker started');
    await world.cli(['full', '--no-wait']);
    await flush();
    // As if it had waited longer than a row may be older than its job.
    await world.sql('history', `UPDATE backups SET created_at = created_at - interval '1 minute'`);
    await world.startWorker();
    await world.startWorker();
    const backup = await world.newestBackup((candidate) => candidate.status === 'completed');
    expect(backup.attempts).to.equal(1);
  });

  it('while a backup runs: it comes to its end, once', async () => {
    await world.cli(['full', '--no-wait']);
    await world.newestBackup((candidate) => (candidate.progress?.percent ?? 0) > 10);
    await flush();
    await world.sql('history', `UPDATE backups SET created_at = created_at - interval '1 minute'`);
    const backup = await world.newestBackup((candidate) => candidate.status === 'completed');
    expect(backup.attempts).to.equal(1);
    const runs = await world.sql('history', 'SELECT state FROM runs');
    expect(runs.map((run) => run.state)).to.deep.equal(['completed', 'completed']);
  });

  it('before the first worker or API has started, the command line says what to do', async () => {
    const ended = await world.cli(['list'], { HISTORY_DATABASE_URL: world.postgres.url('nothing_yet') });
    expect(ended.code).to.equal(4);
    expect(ended.stderr)
      .to.contain('no tables of Safekeep yet')
      .and.contain('Start the API or a worker once');
  });

  it('a history role that may not make tables is told which right it lacks', async () => {
    await world.sql('postgres', `CREATE ROLE poor LOGIN PASSWORD 'poor-password'`);
    const url = world.postgres.url('nothing_yet').replace(/\/\/[^@]*@/, '//poor:poor-password@');
    const worker = await world.startWorker({ HISTORY_DATABASE_URL: url });
    expect(await worker.ended()).to.equal(3);
    expect(worker.log()).to.contain('42501').and.contain('GRANT CREATE ON SCHEMA public');
  });
});
