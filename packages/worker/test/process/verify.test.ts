import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Backup } from '@safekeep/shared/contracts/backup';
import type { Verification } from '@safekeep/shared/contracts/verification';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { openWorld, type World } from './world.js';

describe('backup.sh test', function () {
  this.timeout(60_000);
  let world: World;
  let pristine: string;
  let older: Backup;
  let backup: Backup;

  before(async () => {
    world = await openWorld('verify');
    await world.sql(
      'source',
      'CREATE TABLE patients AS SELECT g AS id, md5(g::text) AS name FROM generate_series(1, 20000) g',
    );
    await world.sql('source', `SELECT lo_from_bytea(0, decode(repeat('00ff', 50000), 'hex'))`);
    await world.startWorker();
    older = JSON.parse((await world.cli(['full', '--json'])).stdout) as Backup;
    backup = JSON.parse((await world.cli(['full', '--json'])).stdout) as Backup;
    pristine = join(world.folder, 'pristine');
    mkdirSync(pristine);
    for (const name of readdirSync(world.backupDirectory)) copyFileSync(path(name), join(pristine, name));
  });
  after(() => world?.close());

  const path = (name: string) => join(world.backupDirectory, name);
  const data = () => path(backup.fileName ?? '');
  const companion = () => data().replace('.pgdump.enc.gz', '.globals.sql.enc');

  function repair(): void {
    for (const name of readdirSync(world.backupDirectory)) rmSync(path(name), { recursive: true });
    for (const name of readdirSync(pristine)) copyFileSync(join(pristine, name), path(name));
  }

  async function test(id: string): Promise<{ code: number; verification: Verification }> {
    const { code, stdout } = await world.cli(['test', id, '--json']);
    return { code, verification: (JSON.parse(stdout) as Verification[])[0] as Verification };
  }

  it('verifies every backup that is not verified yet, and then has nothing left', async () => {
    const first = await world.cli(['test']);
    expect(first.code, first.stderr).to.equal(0);
    expect(first.stdout)
      .to.contain(older.id)
      .and.contain(backup.id)
      .and.match(/passed +sound/);
    const second = await world.cli(['test']);
    expect(second).to.deep.include({ code: 0, stdout: 'nothing left to verify\n' });
  });

  const damages: readonly {
    damage: string;
    verdict: Verification['verdict'];
    does: () => void;
    says: RegExp;
  }[] = [
    { damage: 'a file that is gone', verdict: 'file', does: () => rmSync(data()), says: /missing/ },
    {
      damage: 'a directory in its place',
      verdict: 'file',
      does: () => {
        rmSync(data());
        mkdirSync(data());
      },
      says: /a directory/,
    },
    {
      damage: 'a symbolic link to its own content',
      verdict: 'file',
      does: () => {
        rmSync(data());
        symlinkSync(join(pristine, backup.fileName ?? ''), data());
      },
      says: /a symbolic link/,
    },
    {
      damage: 'a companion that is gone',
      verdict: 'companion',
      does: () => rmSync(companion()),
      says: /globals.*missing/,
    },
  ];
  for (const { damage, verdict, does, says } of damages) {
    it(`finds ${damage}: exit code 5, verdict ${verdict}`, async () => {
      does();
      const { code, verification } = await test(backup.id).finally(() => repair());
      expect(verification).to.include({ status: 'failed', verdict });
      expect(verification.reason).to.match(says);
      expect(code).to.equal(5);
    });
  }

  it('a file that is gone turns its row missing, and back when it is there again', async () => {
    rmSync(data());
    await test(backup.id);
    expect((await world.newestBackup((newest) => newest.id === backup.id)).status).to.equal('missing');
    repair();
    expect((await test(backup.id)).verification.status).to.equal('passed');
    expect((await world.newestBackup((newest) => newest.id === backup.id)).status).to.equal('completed');
  });

  it('a verification whose worker was killed is done by the next one', async () => {
    await world.killWorkers();
    const { stdout } = await world.cli(['test', backup.id, '--no-wait', '--json']);
    const [queued] = JSON.parse(stdout) as Verification[];
    await world.sql(
      'history',
      `INSERT INTO runs (id, queue, subject_id, state, worker, lease_until)
         VALUES (gen_random_uuid(), 'verify', '${queued?.id}', 'running', 'dead', now() - interval '1 second');
       UPDATE verifications SET status = 'running' WHERE id = '${queued?.id}'`,
    );
    await world.startWorker();
    for (;;) {
      const [row] = await world.sql<{ status: string }>(
        'history',
        `SELECT status FROM verifications WHERE id = '${queued?.id}'`,
      );
      if (row?.status === 'passed') break;
      expect(row?.status).to.be.oneOf(['queued', 'running']);
      await delay(50);
    }
  });

  it('a verification that Redis lost is queued again', async () => {
    await world.killWorkers();
    const { stdout } = await world.cli(['test', backup.id, '--no-wait', '--json']);
    const [queued] = JSON.parse(stdout) as Verification[];
    const redis = new Redis(world.redis.url);
    await redis.flushall();
    redis.disconnect();
    await world.sql(
      'history',
      `UPDATE verifications SET created_at = created_at - interval '1 minute' WHERE id = '${queued?.id}'`,
    );
    await world.startWorker();
    for (;;) {
      const [row] = await world.sql<{ status: string }>(
        'history',
        `SELECT status FROM verifications WHERE id = '${queued?.id}'`,
      );
      if (row?.status === 'passed') break;
      await delay(50);
    }
  });

  it('refuses what it cannot verify', async () => {
    expect((await world.cli(['test', 'nonsense'])).code).to.equal(2);
    expect((await world.cli(['test', '5a1ef8b1-0c5f-4b1c-9f4e-0a3b1c9d8e7f'])).code).to.equal(2);
    expect((await world.cli(['test', backup.id, '--source', 'lab'])).code).to.equal(2);
    await world.sql(
      'history',
      `INSERT INTO backups (id, source, type, requested_type, status, requested_via, error_code)
      VALUES ('5a1ef8b1-0c5f-4b1c-9f4e-0a3b1c9d8e7f', 'main', 'full', 'full', 'failed', 'cli', 'DISK_FULL')`,
    );
    const ended = await world.cli(['test', '5a1ef8b1-0c5f-4b1c-9f4e-0a3b1c9d8e7f']);
    expect(ended.code).to.equal(2);
    expect(ended.stderr).to.contain('is failed, so it has no file to look at');
  });

  it('every verdict is in the audit trail', async () => {
    const rows = await world.sql<{ action: string; n: number }>(
      'history',
      `SELECT action, count(*)::int AS n FROM audit_events WHERE action LIKE 'verification.%' GROUP BY 1`,
    );
    const counts = Object.fromEntries(rows.map((row) => [row.action, row.n]));
    expect(counts).to.include({ 'verification.failed': damages.length + 1 });
    expect(counts['verification.passed']).to.be.at.least(5);
  });
});
