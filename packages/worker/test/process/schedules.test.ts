import { setTimeout as delay } from 'node:timers/promises';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { QUEUE_PREFIX } from '@safekeep/shared/queues/contracts';
import { Queue } from 'bullmq';
import { expect } from 'chai';
import { dueThreeHoursAgo, letDaysPass } from '../../../shared/test/schedules/rows.js';
import { openWorld, type World } from './world.js';

describe('schedules and their workers', function () {
  this.timeout(90_000);
  let world: World;
  let queue: Queue;

  before(async () => {
    world = await openWorld('schedules');
    await world.sql('source', 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 1000) g');
    queue = new Queue('backup', { connection: { url: world.redis.url }, prefix: QUEUE_PREFIX });
  });
  after(async () => {
    await queue?.close();
    await world?.close();
  });

  async function scheduler(): Promise<string> {
    for (;;) {
      const [found] = await queue.getJobSchedulers();
      if (found?.next !== undefined) return `repeat:full.main:${found.next}`;
      await delay(50);
    }
  }

  it('an incremental without a base becomes a full backup, and says why', async () => {
    await world.startWorker();
    const ended = await world.cli(['incremental', '--json']);
    expect(ended.code, ended.stderr).to.equal(0);
    const backup = JSON.parse(ended.stdout) as Backup;
    expect(backup).to.include({ type: 'full', requestedType: 'incremental', status: 'completed' });
    expect(backup.promotedReason).to.contain('no full backup to build on');
    expect(backup.fileName).to.match(/^full_backup_/);
    const shown = await world.cli(['show', backup.id]);
    expect(shown.stdout).to.match(/^type +full \(There is no full backup to build on yet/m);
    expect((await world.cli(['test', backup.id])).code).to.equal(0);
  });

  it('an incremental whose job Redis lost is queued again as one', async () => {
    await world.killWorkers();
    const { stdout } = await world.cli(['incremental', '--no-wait', '--json']);
    const { id } = JSON.parse(stdout) as Backup;
    await queue.remove(id);
    await world.sql('history', `UPDATE backups SET created_at = created_at - interval '1 minute'`);
    await world.startWorker();
    const backup = await world.newestBackup((newest) => newest.id === id && newest.status === 'completed');
    expect(backup).to.include({ type: 'incremental', requestedType: 'incremental' });
  });

  it('a due time while no worker lived is served once, late; workers write the schedule where no API did', async () => {
    await world.killWorkers();
    await world.sql('history', 'DELETE FROM schedules');
    const cron = { SCHEDULE_FULL: dueThreeHoursAgo() };
    await world.startWorker(cron);
    const jobId = await scheduler();
    await world.killWorkers();
    await letDaysPass({ query: (text: string) => world.sql('history', text) });
    // The queue believes that it is due, too.
    await (await queue.getJob(jobId))?.promote();
    await Promise.all([world.startWorker(cron), world.startWorker(cron)]);
    const backup = await world.newestBackup(
      (newest) => newest.requestedVia === 'schedule' && newest.status === 'completed',
    );
    const runs = await world.sql<{ late: boolean; subject_id: string }>('history', 'SELECT * FROM due_runs');
    expect(runs).to.have.length(1);
    expect(runs[0]).to.include({ late: true, subject_id: backup.id });
    const scheduled = await world.sql('history', `SELECT FROM backups WHERE requested_via = 'schedule'`);
    expect(scheduled).to.have.length(1);
    const status = await world.cli(['status']);
    expect(status.stdout).to.match(/^full +main +0 \d+ \* \* \* +UTC +\S+ \S+ +\S+ \S+ \(late\)/m);
    while (!(await (await queue.getJob(jobId))?.isCompleted())) await delay(50);
  });

  it('a due time of a source that is not there is ignored', async () => {
    const job = await queue.add('due', { source: 'elsewhere', schedule: 'full' });
    const bad = await queue.add('due', { source: 'main', schedule: 'full', extra: 'x' });
    while (!((await job.isCompleted()) && (await bad.isFailed()))) await delay(50);
    expect((await queue.getJob(job.id ?? ''))?.returnvalue).to.deep.equal({ status: 'unknown schedule' });
    expect((await queue.getJob(bad.id ?? ''))?.failedReason).to.equal('the job does not keep its contract');
  });
});
