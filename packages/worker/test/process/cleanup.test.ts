import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '@safekeep/shared/config/secret';
import type { Backup } from '@safekeep/shared/contracts/backup';
import type { CleanupRun } from '@safekeep/shared/contracts/cleanup';
import { Producer } from '@safekeep/shared/queues/producer';
import { expect } from 'chai';
import { openWorld, type World } from './world.js';

describe('backup.sh cleanup', function () {
  this.timeout(60_000);
  let world: World;
  let old: Backup;
  let held: Backup;
  let recent: Backup;

  before(async () => {
    world = await openWorld('cleanup');
    await world.sql('source', 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 10) g');
    await world.startWorker({ BACKUP_KEEP_MINIMUM: '1' });
    const full = async () => JSON.parse((await world.cli(['full', '--json'])).stdout) as Backup;
    [old, held, recent] = [await full(), await full(), await full()];
    for (const [backup, days] of [
      [old, 100],
      [held, 99],
    ] as const)
      await world.sql(
        'history',
        `UPDATE backups SET created_at = created_at - interval '${days} days', started_at = started_at - interval '${days} days',
           ended_at = ended_at - interval '${days} days' WHERE id = '${backup.id}'`,
      );
  });
  after(() => world?.close());

  const files = () => readdirSync(world.backupDirectory);
  const filesOf = ({ fileName }: Backup) =>
    files().filter((name) => name.startsWith((fileName ?? '-').split('.')[0] ?? '-'));

  it('holds, and refuses a hold without a reason or of nothing', async () => {
    expect((await world.cli(['hold', held.id])).code).to.equal(2);
    expect((await world.cli(['hold', held.id, '--reason', ' '])).code).to.equal(2);
    expect((await world.cli(['hold', 'nonsense', '--reason', 'r'])).code).to.equal(2);
    expect((await world.cli(['hold', held.id, '--source', 'lab', '--reason', 'r'])).code).to.equal(2);
    const { code, stdout } = await world.cli(['hold', held.id, '--reason', 'case 12']);
    expect(code).to.equal(0);
    expect(stdout).to.match(/legal hold +case 12/);
    expect((await world.cli(['list'])).stdout).to.contain('completed, held');
  });

  it('--dry-run says about every backup what would happen and why, and removes nothing', async () => {
    const { code, stdout, stderr } = await world.cli(['cleanup', '--dry-run']);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(
      new RegExp(`would remove +full +${old.fileName} .* (99|100) days old, more than the 90 days`),
    );
    expect(stdout).to.match(new RegExp(`keep +full +${held.fileName} .* legal hold: case 12`));
    expect(stdout).to.match(new RegExp(`keep +full +${recent.fileName} .* 0 days old`));
    expect(stdout).to.match(/^1 would be removed \(.*\), 2 kept$/m);
    expect(filesOf(old).length).to.equal(4);
  });

  it('removes what has expired, warns of strangers, and tells the same as JSON', async () => {
    writeFileSync(join(world.backupDirectory, 'emergency_backup_20240101_020000.pgdump'), 'PGDMP');
    const { code, stdout, stderr } = await world.cli(['cleanup', '--json']);
    expect(code, stderr).to.equal(0);
    const { decisions } = JSON.parse(stdout) as CleanupRun;
    const outcome = (backup: Backup) =>
      decisions?.find((decision) => decision.backupId === backup.id)?.outcome;
    expect([outcome(old), outcome(held), outcome(recent)]).to.deep.equal(['removed', undefined, undefined]);
    expect([filesOf(old).length, filesOf(held).length, filesOf(recent).length]).to.deep.equal([0, 4, 4]);
    expect(stderr).to.match(/warning: main: unknown-file "emergency_backup.*NOT ENCRYPTED/);
    expect(files()).to.include('emergency_backup_20240101_020000.pgdump');
    expect((await world.cli(['list'])).stdout).to.match(new RegExp(`${old.id} .*disposed`));
    expect((await world.cli(['show', old.id])).stdout).to.match(/disposed +.*more than the 90 days/);
  });

  it('a backup that was removed is neither verified nor held, and the reason is told', async () => {
    for (const args of [
      ['test', old.id],
      ['hold', old.id, '--reason', 'late'],
    ]) {
      const { code, stderr } = await world.cli(args);
      expect(code).to.equal(2);
      expect(stderr).to.contain('was removed by retention');
    }
  });

  it('a verification that was asked for before, and comes after the removal, ends as an error', async () => {
    const id = '5a1ef8b1-0c5f-4b1c-9f4e-0a3b1c9d8e7f';
    await world.sql(
      'history',
      `INSERT INTO verifications (id, backup_id, status, requested_via) VALUES ('${id}', '${old.id}', 'queued', 'cli')`,
    );
    const producer = new Producer(new Secret(world.redis.url), () => {});
    await producer.enqueue('verify', 'verify', id, { verificationId: id });
    await producer.close();
    for (;;) {
      const [row] = await world.sql<{ status: string; error_code: string }>(
        'history',
        `SELECT status, error_code FROM verifications WHERE id = '${id}'`,
      );
      if (row?.status === 'queued' || row?.status === 'running') {
        await delay(50);
        continue;
      }
      expect(row).to.deep.equal({ status: 'error', error_code: 'BACKUP_DISPOSED' });
      return;
    }
  });

  it('test warns of what is wrong in the directory and exits with 0', async () => {
    rmSync(join(world.backupDirectory, `${held.fileName}.meta`));
    await world.cli(['cleanup', '--dry-run']);
    const { code, stderr } = await world.cli(['test', recent.id]);
    expect(code).to.equal(0);
    expect(stderr).to.contain(`warning: main: missing-file "${held.fileName}.meta"`);
    expect(stderr).to.contain('NOT ENCRYPTED');
  });

  it('every cleanup is in the audit trail, and every removal', async () => {
    const rows = await world.sql<{ action: string; n: number }>(
      'history',
      `SELECT action, count(*)::int AS n FROM audit_events WHERE action ~ '^(cleanup|backup.disposed)' GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).to.deep.equal([
      { action: 'backup.disposed', n: 1 },
      { action: 'cleanup.completed', n: 3 },
      { action: 'cleanup.request', n: 3 },
    ]);
  });
});
