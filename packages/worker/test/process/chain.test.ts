import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Backup } from '@safekeep/shared/contracts/backup';
import type { RecoveryTest } from '@safekeep/shared/contracts/recovery-test';
import type { Restore } from '@safekeep/shared/contracts/restore';
import { expect } from 'chai';
import { wholeText } from './by-hand.js';
import { openWorld, type World } from './world.js';

describe('an incremental on the command line', function () {
  this.timeout(120_000);
  let world: World;
  let full: Backup;
  let tip: Backup;

  before(async () => {
    world = await openWorld('chain');
    await world.sql(
      'source',
      `CREATE TABLE patients (id serial PRIMARY KEY, name text); INSERT INTO patients (name) SELECT md5(g::text) FROM generate_series(1, 3000) g;
       CREATE TABLE notes (v text); INSERT INTO notes VALUES ('a')`,
    );
    await world.startWorker();
    full = await taken('full');
    await world.sql(
      'source',
      `UPDATE patients SET name = 'x' WHERE id = 7; DELETE FROM patients WHERE id > 2990; INSERT INTO patients (name) VALUES ('new')`,
    );
    tip = await taken('incremental');
  });
  after(() => world?.close());

  async function taken(type: 'full' | 'incremental'): Promise<Backup> {
    const { stdout, stderr, code } = await world.cli([type, '--json']);
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout) as Backup;
  }

  const pathOf = ({ fileName }: Backup) => join(world.backupDirectory, fileName ?? '');
  const linesOf = async (database: string) =>
    (await wholeText(world.postgres.url(database))).split('\n').sort();

  it('is built on the full, and both together pass test and verify, which takes it by itself', async () => {
    expect(tip).to.include({ type: 'incremental', baseId: full.id, promotedReason: null });
    const tested = await world.cli(['test', '--json']);
    expect(tested.code, tested.stdout + tested.stderr).to.equal(0);
    const proven = await world.cli(['verify', '--json']);
    expect(proven.code, proven.stdout + proven.stderr).to.equal(0);
    const test = JSON.parse(proven.stdout) as RecoveryTest;
    expect(test).to.include({ backupId: tip.id, status: 'passed' });
    expect(test.facts).to.deep.include({
      base: { id: full.id, fileName: full.fileName },
      tables: 2,
      rows: 2992,
      contents: 2,
      notCompared: [],
    });
  });

  it('is what restore takes as the latest, and the copy is the source', async () => {
    const { code, stdout, stderr } = await world.cli([
      'restore',
      '--backup',
      'latest',
      '--into',
      'copy',
      '--json',
    ]);
    expect(code, stdout + stderr).to.equal(0);
    expect(JSON.parse(stdout) as Restore).to.include({ backupId: tip.id, status: 'completed' });
    expect(await linesOf('copy')).to.deep.equal(await linesOf('source'));
  });

  it('comes back with a rebuilt history', async () => {
    await world.killWorkers();
    await world.sql('postgres', 'DROP DATABASE history WITH (FORCE)');
    await world.sql('postgres', 'CREATE DATABASE history');
    const { code, stdout } = await world.cli(['catalog', 'rebuild', '--json'], { REDIS_URL: '' });
    expect(code, stdout).to.equal(0);
    const shown = await world.cli(['show', tip.id]);
    expect(shown.stdout).to.match(new RegExp(`^base +${full.id}$`, 'm'));
    await world.startWorker();
    expect((await world.cli(['verify', tip.id])).code).to.equal(0);
  });

  describe('whose base is missing', () => {
    before(() => {
      cpSync(pathOf(full), `${world.folder}/kept`);
      rmSync(pathOf(full));
    });
    after(() => {
      if (existsSync(`${world.folder}/kept`)) renameSync(`${world.folder}/kept`, pathOf(full));
    });

    it('fails its verification, restores nothing, and says why; the next one becomes a full backup', async () => {
      const tested = await world.cli(['test', tip.id]);
      expect(tested.code).to.equal(5);
      expect(tested.stdout).to.match(/failed +base +its base full_backup_\S+ is not as it was \(file\)/);
      const restored = await world.cli(['restore', '--backup', tip.id, '--into', 'nothing']);
      expect(restored.code).to.equal(5);
      expect(restored.stdout).to.contain('base: its base full_backup_');
      expect(await world.sql('postgres', `SELECT FROM pg_database WHERE datname = 'nothing'`)).to.deep.equal(
        [],
      );
      await world.cli(['test', full.id]);
      expect((await world.cli(['list'])).stdout).to.match(/incremental +completed, base missing/);
      expect((await world.cli(['show', tip.id])).stdout).to.contain('this backup restores nothing');
      const latest = await world.cli(['restore', '--backup', 'latest', '--into', 'nothing']);
      expect(latest.code, 'no other backup is left').to.equal(2);
      const next = await taken('incremental');
      expect(next).to.include({ type: 'full', requestedType: 'incremental' });
    });
  });
});
