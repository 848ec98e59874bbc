import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { MAXIMUM_ATTEMPTS } from '@safekeep/shared/history/runs';
import { expect } from 'chai';
import { openWorld, type World } from './world.js';

describe('what a dead run left is settled by the next', function () {
  this.timeout(90_000);
  let world: World;

  beforeEach(async () => {
    world = await openWorld('takeover');
    await world.sql('source', 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 1000) g');
    await world.startWorker();
  });
  afterEach(() => world?.close());

  const files = () => readdirSync(world.backupDirectory);

  /** A finished backup whose worker died just before it could write so to history, after some earlier deaths. */
  async function publishedButNotCompleted(earlierDeaths: number): Promise<Backup> {
    const backup = JSON.parse((await world.cli(['full', '--json'])).stdout) as Backup;
    await world.sql(
      'history',
      `UPDATE runs SET state = 'lost', swept = false;
       INSERT INTO runs (id, queue, subject_id, source, state, worker, lease_until, swept)
         SELECT gen_random_uuid(), queue, subject_id, source, 'lost', worker, lease_until, true
         FROM runs, generate_series(1, ${earlierDeaths});
       UPDATE backups SET status = 'queued', file_name = NULL, checksum = NULL, hmac = NULL, sequence = NULL,
         created_at = created_at - interval '1 minute'`,
    );
    return backup;
  }

  async function audited(): Promise<string[]> {
    const rows = await world.sql<{ event: string }>(
      'history',
      `SELECT concat_ws(' ', action, detail ->> 'from', detail ->> 'code') AS event FROM audit_events
       WHERE action LIKE 'backup.%' ORDER BY seq`,
    );
    return rows.map((row) => row.event);
  }

  it('a published backup is completed from its sidecar: no second dump, no second file', async () => {
    const before = await publishedButNotCompleted(0);
    const after = await world.newestBackup((backup) => backup.status === 'completed');
    expect(after).to.include({
      fileName: before.fileName,
      checksum: before.checksum,
      sequence: 1,
      rowCount: 1000,
    });
    expect(files()).to.have.length(4);
    expect(await audited()).to.include('backup.completed sidecar');
  });

  it('also when it was the last attempt that it had', async () => {
    const before = await publishedButNotCompleted(MAXIMUM_ATTEMPTS);
    const after = await world.newestBackup(
      (backup) => backup.status === 'completed' || backup.status === 'failed',
    );
    expect(after).to.include({ status: 'completed', fileName: before.fileName });
  });

  it('a file without a sidecar never counted: it goes, and the backup is taken again', async () => {
    const before = await publishedButNotCompleted(0);
    rmSync(join(world.backupDirectory, `${before.fileName}.meta`));
    const after = await world.newestBackup((backup) => backup.status === 'completed');
    expect(after.fileName).to.not.equal(before.fileName);
    expect(files()).to.have.length(4).and.not.include(before.fileName);
  });

  it('a backup that was started too often and left nothing ends as failed, and the trail says so', async () => {
    const before = await publishedButNotCompleted(MAXIMUM_ATTEMPTS);
    rmSync(join(world.backupDirectory, `${before.fileName}.meta`));
    const after = await world.newestBackup((backup) => backup.status === 'failed');
    expect(after.error?.code).to.equal('TOO_MANY_ATTEMPTS');
    expect(files()).to.deep.equal([]);
    while (!(await audited()).includes('backup.failed TOO_MANY_ATTEMPTS'));
  });
});
