import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { Diagnosis } from '../../src/doctor/diagnosis.js';
import { openWorld, type World } from './world.js';

describe('backup.sh doctor', function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await openWorld('doctor');
    await world.sql('source', 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 100) g');
  });
  after(() => world.close());

  async function doctor(
    extra: NodeJS.ProcessEnv = {},
  ): Promise<{ code: number; found: Diagnosis[]; text: string }> {
    const { code, stdout, stderr } = await world.cli(['doctor', '--json'], extra);
    return { code, found: JSON.parse(stdout), text: stdout + stderr };
  }

  function about(found: readonly Diagnosis[], subject: string): Diagnosis[] {
    return found.filter((diagnosis) => diagnosis.subject === subject);
  }

  function troubles(found: readonly Diagnosis[]): string[] {
    return found
      .filter(({ state }) => state !== 'ok')
      .map(({ subject, message }) => `${subject}: ${message}`);
  }

  it('before anything ran: says that history is empty, no worker is there, and what to do', async () => {
    const { code, found } = await doctor();
    expect(code).to.equal(4);
    expect(about(found, 'history')[0]?.hint).to.match(/Start the API or a worker once/);
    expect(about(found, 'workers')[0]?.message).to.match(/none is connected/);
  });

  it('of a system that works: finds the source, the rights, the room and the clocks in order', async () => {
    await world.startWorker();
    expect((await world.cli(['full'])).code).to.equal(0);
    expect((await world.cli(['test'])).code).to.equal(0);
    const { found } = await doctor();
    for (const subject of [
      'source main',
      'backup directory of main',
      'recovery tests of main',
      'history',
      'workers',
      'key',
    ]) {
      expect(about(found, subject), subject).to.not.have.length(0);
      expect(troubles(about(found, subject)), subject).to.deep.equal([]);
    }
    expect(troubles(about(found, 'backups of main'))).to.deep.equal([
      'backups of main: no recovery test passed in 8 days, or ever',
    ]);
  });

  it('a Redis that may evict jobs is a mistake of configuration', async () => {
    const redis = new Redis(world.redis.url);
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const { code, found } = await doctor();
    await redis.config('SET', 'maxmemory-policy', 'noeviction');
    redis.disconnect();
    expect(code).to.equal(3);
    expect(troubles(about(found, 'redis'))).to.deep.equal(['redis: its eviction policy is allkeys-lru']);
  });

  it('a role that may not read a table, nor make databases, is told which rights it lacks', async () => {
    await world.sql('postgres', `CREATE ROLE weak LOGIN PASSWORD 'weak-password'`);
    const url = new URL(world.postgres.url('source'));
    [url.username, url.password] = ['weak', 'weak-password'];
    const { code, found, text } = await doctor({ SOURCE_DATABASE_URL: url.href });
    expect(code).to.equal(3);
    expect(
      about(found, 'source main')
        .map(({ hint }) => hint)
        .join(),
    ).to.match(/GRANT pg_read_all_data/);
    expect(about(found, 'recovery tests of main')[0]?.hint).to.match(/CREATEDB/);
    expect(text).not.to.include('weak-password');
  });

  it('services that are away are told at once, each with its remedy, and the rest is still looked at', async () => {
    const { code, found } = await doctor({
      REDIS_URL: 'redis://127.0.0.1:1',
      HISTORY_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/history',
      BACKUP_DIR: join(world.folder, 'not-mounted'),
    });
    expect(code).to.equal(3);
    expect(about(found, 'redis')[0]?.hint).to.match(/REDIS_URL/);
    expect(about(found, 'history')[0]?.hint).to.match(/HISTORY_DATABASE_URL/);
    expect(about(found, 'backup directory of main')[0]?.message).to.match(/is the volume mounted/);
    expect(troubles(about(found, 'source main'))).to.deep.equal([]);
  });

  it('warns of a key that every user of the machine can read', async () => {
    chmodSync(world.keyFile, 0o644);
    const { found } = await doctor();
    chmodSync(world.keyFile, 0o600);
    expect(about(found, 'BACKUP_ENCRYPTION_KEY')[0]?.state).to.equal('warning');
  });

  it('reports every mistake of the environment before it looks at anything', async () => {
    const { code, stderr } = await world.cli(['doctor'], {
      BACKUP_RETENTION_FULL_DAYS: '0',
      LOG_LEVEL: 'loud',
    });
    expect(code).to.equal(3);
    expect(stderr)
      .to.match(/BACKUP_RETENTION_FULL_DAYS/)
      .and.to.match(/LOG_LEVEL/);
  });
});
