import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '@safekeep/shared/config/secret';
import type { Backup } from '@safekeep/shared/contracts/backup';
import type { CleanupRun } from '@safekeep/shared/contracts/cleanup';
import { clientOptions } from '@safekeep/shared/history/database';
import { filesOf } from '@safekeep/shared/storage/backup-names';
import { expect } from 'chai';
import pg from 'pg';
import { restoreByHand, shell, wholeText } from './by-hand.js';
import { openWorld, type WorkerProcess, type World } from './world.js';

describe('incremental backups of a worker', function () {
  this.timeout(150_000);
  let world: World;
  let worker: WorkerProcess;
  let base: Backup;

  before(async () => {
    world = await openWorld('incremental');
    await world.sql(
      'source',
      `CREATE TABLE scans AS SELECT g AS id, encode(sha512(g::text::bytea), 'hex') AS pixels FROM generate_series(1, 60000) g;
       ALTER TABLE scans ADD PRIMARY KEY (id)`,
    );
    worker = await startWorker();
    base = await taken('full');
  });
  after(() => world?.close());

  const files = () => readdirSync(world.backupDirectory);
  const hidden = () => files().filter((name) => name.startsWith('.'));
  const change = (share: number) =>
    world.sql(
      'source',
      `UPDATE scans SET pixels = md5(pixels || clock_timestamp()) WHERE id % 100 < ${share}`,
    );

  const startWorker = () => world.startWorker({ BACKUP_KEEP_MINIMUM: '1', BACKUP_COMPRESSION: 'gzip:1' });

  async function taken(type: 'full' | 'incremental'): Promise<Backup> {
    const { code, stdout, stderr } = await world.cli([type, '--json']);
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout) as Backup;
  }

  async function restored(backup: Backup, database: string): Promise<string> {
    await restoreByHand(world, base.fileName ?? '', database);
    await shell(
      `gunzip -c "$FILE" | openssl enc -aes-256-cbc -d -pbkdf2 -pass "file:$KEY_FILE" | pg_restore --exit-on-error -d "$TARGET"`,
      {
        FILE: join(world.backupDirectory, backup.fileName ?? ''),
        KEY_FILE: world.keyFile,
        TARGET: world.postgres.url(database),
      },
    );
    return linesOf(database);
  }

  /** All that a database holds; rows have no order. */
  async function linesOf(database: string): Promise<string> {
    const text = await wholeText(world.postgres.url(database));
    return createHash('sha256').update(text.split('\n').sort(byText).join('\n')).digest('hex');
  }

  it('hold what changed; list and show tell the base and how much it is; stock tools restore both', async () => {
    await change(1);
    const backup = await taken('incremental');
    expect(backup).to.include({
      type: 'incremental',
      requestedType: 'incremental',
      promotedReason: null,
      baseId: base.id,
      tableCount: 1,
      rowCount: 60_000,
      changedTables: 1,
      changedRows: 600,
      sequence: 2,
    });
    expect(backup.sizeBytes).to.be.lessThan((base.sizeBytes ?? 0) / 20);
    const shown = (await world.cli(['show', backup.id])).stdout;
    expect(shown).to.match(new RegExp(`^type +incremental\\nbase +${base.id}$`, 'm'));
    expect(shown).to.match(
      /^contents +1 tables, 60000 rows; of these 600 new or changed rows of 1 table in this file/m,
    );
    expect((await world.cli(['list'])).stdout).to.match(new RegExp(`${backup.id} .*incremental .*completed`));
    expect((await world.cli(['test', backup.id])).code).to.equal(0);
    expect(await restored(backup, 'by_hand')).to.equal(await linesOf('source'));
  });

  it('become full ones with a sentence in history and a code in log and audit trail, and hold no base', async () => {
    await world.sql('source', 'CREATE INDEX by_pixels ON scans (md5(pixels))');
    const backup = await taken('incremental');
    await world.sql('source', 'DROP INDEX by_pixels');
    expect(backup).to.include({
      type: 'full',
      requestedType: 'incremental',
      baseId: null,
      changedRows: null,
    });
    expect(backup.promotedReason).to.match(/^The schema changed since the base was taken/);
    expect(backup.fileName).to.match(/^full_backup_/);
    const [event] = await world.sql<{ promoted: string }>(
      'history',
      `SELECT detail ->> 'promoted' AS promoted FROM audit_events
       WHERE action = 'backup.completed' AND target = '${backup.id}'`,
    );
    expect(event?.promoted).to.equal('schema-changed');
    expect(worker.log()).to.match(/"why":"schema-changed"/);
    base = await taken('full');
  });

  it('killed half-way leave nothing visible and keep their base; another worker takes them again', async () => {
    await change(45);
    const { stdout } = await world.cli(['incremental', '--no-wait', '--json']);
    const { id } = JSON.parse(stdout) as Backup;
    const writes = () => hidden().some((name) => /^\.incremental_.*\.pgdump\.enc\.gz\.partial$/.test(name));
    while (!writes()) await delay(2);
    worker.child.kill('SIGKILL');
    await worker.ended();
    const visible = files().filter((name) => /^incremental_.*\.meta$/.test(name)).length;
    expect(await world.newestBackup(() => true)).to.include({ id, status: 'running', baseId: base.id });
    worker = await startWorker();
    const backup = await world.newestBackup((newest) => newest.status === 'completed');
    expect(backup).to.include({ id, type: 'incremental', baseId: base.id, changedRows: 27_000 });
    expect(hidden()).to.deep.equal([]);
    expect(files().filter((name) => /^incremental_.*\.meta$/.test(name))).to.have.length(visible + 1);
    expect(await restored(backup, 'after_death')).to.equal(await linesOf('source'));
  });

  it('published by a worker that died are completed from their sidecars, with all that history keeps', async () => {
    const before = await world.newestBackup(() => true);
    await world.killWorkers();
    await world.sql(
      'history',
      `UPDATE runs SET state = 'lost', swept = false WHERE subject_id = '${before.id}' AND state = 'completed';
       UPDATE backups SET status = 'queued', file_name = NULL, checksum = NULL, hmac = NULL, sequence = NULL,
         changed_rows = NULL, changed_tables = NULL
       WHERE id = '${before.id}';
       UPDATE backups SET created_at = created_at - interval '1 minute'`,
    );
    const present = files();
    worker = await startWorker();
    const after = await world.newestBackup((newest) => newest.status === 'completed');
    for (const fact of [
      'id',
      'type',
      'baseId',
      'fileName',
      'changedRows',
      'changedTables',
      'sequence',
    ] as const)
      expect(after[fact], fact).to.equal(before[fact]);
    expect(files()).to.deep.equal(present);
  });

  it('keep their base from a cleanup that runs meanwhile, and afterwards', async () => {
    const newer = await taken('full');
    rmSync(join(world.backupDirectory, filesOf(newer.fileName ?? '').manifest));
    await world.sql(
      'history',
      `UPDATE backups SET created_at = created_at - interval '100 days', started_at = started_at - interval '100 days',
         ended_at = ended_at - interval '100 days' WHERE id <> '${newer.id}'`,
    );
    const locker = new pg.Client(clientOptions(new Secret(world.postgres.url('source'))));
    await locker.connect();
    await locker.query('BEGIN; LOCK TABLE scans IN ACCESS EXCLUSIVE MODE');
    await world.cli(['incremental', '--no-wait']);
    await world.newestBackup((newest) => newest.baseId === base.id && newest.status === 'running');
    const decision = await cleanUp();
    await locker.end();
    expect(decision).to.include({ action: 'keep', reason: 'an incremental backup needs it now' });
    const backup = await world.newestBackup((newest) => newest.status === 'completed');
    expect(backup).to.include({ type: 'incremental', baseId: base.id });
    const later = await cleanUp();
    expect(later).to.include({ action: 'keep', reason: `base of ${backup.fileName}, which is kept` });
    expect(files()).to.include(base.fileName);
  });

  async function cleanUp() {
    const { code, stdout, stderr } = await world.cli(['cleanup', '--json']);
    expect(code, stderr).to.equal(0);
    return (JSON.parse(stdout) as CleanupRun).decisions?.find(({ backupId }) => backupId === base.id);
  }
});

const byText = (left: string, right: string) => (left < right ? -1 : Number(left > right));
