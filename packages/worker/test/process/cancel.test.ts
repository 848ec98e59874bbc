import { readdirSync } from 'node:fs';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { shell } from './by-hand.js';
import { openWorld, slowTable, type World } from './world.js';

/** 180 MB that gzip can do little with: a text that is longer than what it looks back on, again and again. */
const LARGE = `ALTER TABLE scans ALTER pixels SET STORAGE EXTERNAL;
  INSERT INTO scans SELECT g, (SELECT string_agg(encode(sha512(i::text::bytea), 'hex'), '') FROM generate_series(1, 2000) i)
  FROM generate_series(1, 700) g`;

describe('backup.sh cancel', function () {
  this.timeout(150_000);
  let world: World;

  before(async () => {
    world = await openWorld('cancel');
    await world.sql('source', slowTable(100));
    // So that history has its tables before any job is there.
    await world.startWorker();
    await world.killWorkers();
  });
  afterEach(() => world?.killWorkers());
  after(() => world?.close());

  const files = () => readdirSync(world.backupDirectory);
  const queue = async () => JSON.parse((await world.cli(['full', '--no-wait', '--json'])).stdout) as Backup;
  const runs = async (id: string) =>
    (await world.sql('history', `SELECT state FROM runs WHERE subject_id = '${id}' ORDER BY token`)).map(
      (run) => run.state,
    );
  const events = async (id: string) =>
    (
      await world.sql(
        'history',
        `SELECT actor, action, result FROM audit_events WHERE target = '${id}' AND action LIKE 'backup.cancel%' ORDER BY seq`,
      )
    ).map(({ actor, action, result }) => `${String(actor).split(':')[0]} ${action} ${result}`);

  async function running(): Promise<Backup> {
    const { id } = await queue();
    return world.newestBackup((backup) => backup.id === id && (backup.progress?.percent ?? 0) > 10);
  }

  /** What a dead worker's lease and the queue's lock would take a minute or two to say. */
  async function forgetTheDead(): Promise<void> {
    await world.sql('history', `UPDATE runs SET lease_until = now() WHERE state = 'running'`);
    await world.sql('history', `UPDATE backups SET created_at = created_at - interval '1 minute'`);
    const redis = new Redis(world.redis.url);
    await redis.flushall();
    redis.disconnect();
  }

  it('ends a backup that waits at once, without any worker; a worker that comes later never begins it', async () => {
    const { id } = await queue();
    const cancelled = await world.cli(['cancel', id]);
    expect(cancelled.code, cancelled.stderr).to.equal(0);
    expect(cancelled.stdout).to.contain('status       cancelled').and.contain('BACKUP_CANCELLED');
    await world.startWorker();
    const next = await queue();
    await world.newestBackup((backup) => backup.id === next.id && backup.status === 'completed');
    expect(await runs(id)).to.deep.equal([]);
    expect(await events(id)).to.deep.equal(['cli backup.cancel ok', 'cli backup.cancelled ok']);
  });

  it('ends a backup whose worker died: the next worker sweeps what it left and does not take it again', async () => {
    // A backup of it takes seconds, so that the commands find it half-way.
    await world.sql('source', `TRUNCATE scans; ${LARGE}`);
    const before = files();
    const worker = await world.startWorker();
    const { id } = await running();
    worker.child.kill('SIGKILL');
    await worker.ended();
    const asked = await world.cli(['cancel', id, '--no-wait', '--json']);
    expect(JSON.parse(asked.stdout)).to.include({ id, status: 'running' });
    expect(files().length, 'it left hidden files').to.be.above(before.length);
    await forgetTheDead();
    await world.startWorker();
    await world.newestBackup((backup) => backup.id === id && backup.status === 'cancelled');
    expect(await runs(id)).to.deep.equal(['lost', 'cancelled']);
    expect(files()).to.have.members(before);
  });

  it('ends a backup that runs on another process, leaves no file and no pg_dump, and the source is free', async () => {
    const before = files();
    await world.startWorker();
    const { id } = await running();
    const waiting = world.cli(['cancel', id, '--json']);
    // Of two commands that start at once either may come first, and the other be refused.
    await world.newestBackup((backup) => backup.id === id && backup.cancelRequestedAt !== null);
    const repeated = await world.cli(['cancel', id, '--no-wait']);
    expect(repeated.code).to.be.oneOf([0, 6]);
    const ended = await waiting;
    expect(ended.code, ended.stderr).to.equal(0);
    expect(JSON.parse(ended.stdout)).to.include({ id, status: 'cancelled', fileName: null, progress: null });
    expect(files()).to.deep.equal(before);
    expect(await shell(`pgrep -f "[p]g_dump.*${world.postgres.port}" || true`)).to.equal('');
    expect(await runs(id)).to.deep.equal(['cancelled']);
    const told = (await events(id)).filter((event) => event !== 'cli backup.cancel refused');
    expect(told.at(-1)).to.equal('worker backup.cancelled ok');
    await world.sql('source', 'TRUNCATE scans');
    const next = await world.cli(['full', '--json']);
    expect(JSON.parse(next.stdout)).to.include({ status: 'completed', attempts: 1 });
  });

  it('comes too late for a backup that was published: it is kept, and the command says so with exit code 1', async () => {
    await world.startWorker();
    const { id } = JSON.parse((await world.cli(['full', '--json'])).stdout) as Backup;
    await world.killWorkers();
    await world.sql(
      'history',
      `UPDATE runs SET state = 'lost', swept = false WHERE subject_id = '${id}';
       UPDATE backups SET status = 'queued', file_name = NULL, checksum = NULL, hmac = NULL, sequence = NULL WHERE id = '${id}'`,
    );
    const cancelling = world.cli(['cancel', id]);
    await world.newestBackup((backup) => backup.id === id && backup.cancelRequestedAt !== null);
    await forgetTheDead();
    await world.startWorker();
    const ended = await cancelling;
    expect(ended.code).to.equal(1);
    expect(ended.stderr).to.contain('too late: the backup had ended as completed');
    expect(files().filter((name) => name.startsWith('.'))).to.deep.equal([]);
  });

  it('refuses what has ended or is unknown, in the audit trail, too', async () => {
    const { id } = await world.newestBackup(() => true);
    const ended = await world.cli(['cancel', id]);
    expect(ended.code).to.equal(6);
    expect(ended.stderr).to.contain('can no longer be cancelled');
    expect((await events(id)).at(-1)).to.equal('cli backup.cancel refused');
    expect((await world.cli(['cancel', 'latest'])).code).to.equal(2);
    expect((await world.cli(['cancel', '5afe6eef-0000-4000-8000-00000000cafe'])).code).to.equal(2);
  });
});
