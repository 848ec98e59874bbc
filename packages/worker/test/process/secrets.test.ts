import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { contentOf } from '../../../shared/test/queues/content.js';
import { openWorld, slowTable, type World } from './world.js';

const run = promisify(execFile);
const ROW_VALUE = 'Mrs-Nobody-has-a-secret-diagnosis';

describe('secrets and row values stay where they belong', function () {
  this.timeout(120_000);
  let world: World;
  let password: string;

  before(async () => {
    world = await openWorld('secrets');
    password = new URL(world.postgres.url('x')).password;
    await world.sql('source', slowTable(200_000));
    await world.sql(
      'source',
      `CREATE TABLE patients (name text UNIQUE); INSERT INTO patients VALUES ('${ROW_VALUE}')`,
    );
  });
  after(() => world?.close());

  it('ps shows neither key nor password while a backup runs, and children get no key in their environment', async () => {
    await world.startWorker();
    await world.cli(['full', '--no-wait']);
    await world.newestBackup((backup) => backup.progress?.phase === 'data');
    const { stdout: processes } = await run('ps', ['axww', '-o', 'pid,args'], { maxBuffer: 1 << 26 });
    expect(processes, 'the dump runs').to.match(/pg_dump --format=custom/);
    expect(processes).to.not.contain(world.key).and.not.contain(password);
    const dump = processes.split('\n').find((line) => line.includes('pg_dump --format=custom'));
    const environment = readFileSync(`/proc/${Number.parseInt(dump ?? '', 10)}/environ`, 'utf8');
    expect(environment).to.contain('PGPASSFILE=');
    expect(environment)
      .to.not.contain(world.key)
      .and.not.contain(password)
      .and.not.contain('BACKUP_ENCRYPTION_KEY');
    await world.newestBackup((backup) => backup.status === 'completed');
  });

  it('Redis holds no key, password, URL or row value, in keys or values', async () => {
    const content = [...(await contentOf(world.redis.url))].flat().join('\n');
    expect(content, 'the job is there').to.contain('{safekeep}:backup');
    for (const secret of [world.key, password, 'postgres://', ROW_VALUE])
      expect(content).to.not.contain(secret);
  });

  it('logs hold none of them, also when the source refuses the dump', async () => {
    await world.killWorkers();
    await world.sql('postgres', `CREATE ROLE weak LOGIN PASSWORD 'a-weak-roles-password'`);
    const url = world.postgres.url('source').replace(/\/\/[^@]*@/, '//weak:a-weak-roles-password@');
    const worker = await world.startWorker({ SOURCE_DATABASE_URL: url });
    await world.cli(['full', '--no-wait']);
    const backup = await world.newestBackup((candidate) => candidate.status === 'failed');
    expect(backup.error?.code).to.equal('DUMP_REFUSED');
    for (const secret of [world.key, password, 'a-weak-roles-password', 'postgres://', ROW_VALUE]) {
      expect(worker.log()).to.not.contain(secret);
      expect(JSON.stringify(backup)).to.not.contain(secret);
    }
  });

  it('history is what is read: after FLUSHALL list, show and status still tell it all', async () => {
    const before = JSON.parse((await world.cli(['list', '--json'])).stdout) as Backup[];
    const redis = new Redis(world.redis.url);
    await redis.flushall();
    redis.disconnect();
    const after = JSON.parse((await world.cli(['list', '--json'])).stdout) as Backup[];
    expect(after).to.deep.equal(before);
    const completed = after.find((backup) => backup.status === 'completed');
    const shown = await world.cli(['show', completed?.id ?? '', '--json']);
    expect(JSON.parse(shown.stdout)).to.deep.include({ ...completed, verifications: [], recoveryTests: [] });
    const status = await world.cli(['status']);
    expect(status.stdout).to.match(/main .*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
  });
});
