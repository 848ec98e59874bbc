import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { restoreByHand } from './by-hand.js';
import { openWorld, type World } from './world.js';

interface Row {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly fileName: string | null;
  readonly sequence: number | null;
}

interface Rebuilt {
  readonly source: string;
  readonly adopted: string[];
  readonly missing: string[];
  readonly known: number;
  readonly rejected: { name: string; reason: string }[];
  readonly gaps: string[];
}

describe('backup.sh emergency and catalog rebuild', function () {
  this.timeout(120_000);
  let world: World;
  /** What an emergency has: neither Redis nor history. */
  const nothing = { REDIS_URL: '', HISTORY_DATABASE_URL: '' };
  const unreachable = {
    REDIS_URL: 'redis://127.0.0.1:1',
    HISTORY_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/history',
  };

  before(async () => {
    world = await openWorld('catalog');
    await world.sql('source', 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 1000) g');
  });
  after(() => world.close());

  async function list(): Promise<Row[]> {
    return JSON.parse((await world.cli(['list', '--json'])).stdout);
  }

  async function rebuild(): Promise<{ code: number; main: Rebuilt; stderr: string }> {
    const { code, stdout, stderr } = await world.cli(['catalog', 'rebuild', '--json'], { REDIS_URL: '' });
    return { code, main: (JSON.parse(stdout) as Rebuilt[])[0] as Rebuilt, stderr };
  }

  it('an emergency backup needs neither Redis nor history, also when both are configured and away', async () => {
    for (const environment of [nothing, unreachable]) {
      const { code, stdout, stderr } = await world.cli(['emergency', '--json'], environment);
      expect(code, stderr).to.equal(0);
      const sidecar = JSON.parse(stdout);
      expect(sidecar).to.include({ type: 'emergency', source: 'main' });
      expect(sidecar.tables).to.have.length(1);
      expect(existsSync(join(world.backupDirectory, sidecar.fileName))).to.equal(true);
    }
    const names = readdirSync(world.backupDirectory).filter((name) => name.startsWith('.'));
    expect(names).to.deep.equal([]);
  });

  it('an emergency backup restores with stock tools', async () => {
    const name = readdirSync(world.backupDirectory).find((entry) => /^emergency_.*\.gz$/.test(entry));
    await restoreByHand(world, name ?? '', 'by_hand');
    const rows = await world.sql<{ rows: number }>('by_hand', 'SELECT count(*) AS rows FROM patients');
    expect(rows[0]?.rows).to.equal(1000);
  });

  it('emergency backups are taken into history by the next worker, and the chain goes on behind them', async () => {
    await world.startWorker();
    for (;;) {
      if ((await list()).length === 2) break;
      await delay(200);
    }
    const adopted = await list();
    expect(adopted.map(({ type, status, sequence }) => ({ type, status, sequence }))).to.deep.equal([
      { type: 'emergency', status: 'completed', sequence: 2 },
      { type: 'emergency', status: 'completed', sequence: 1 },
    ]);
    expect((await world.cli(['full'])).code).to.equal(0);
    expect((await list())[0]).to.include({ type: 'full', sequence: 3 });
    expect((await world.cli(['test'])).code).to.equal(0);
  });

  it('refuses an emergency backup it cannot take, with the exit code of the reason', async () => {
    const unknown = await world.cli(['emergency', '--source', 'lab'], nothing);
    expect(unknown.code).to.equal(2);
    expect(unknown.stderr).to.match(/no source named "lab"/);
    const keyless = await world.cli(['emergency'], { ...nothing, BACKUP_ENCRYPTION_KEY_FILE: '' });
    expect(keyless.code).to.equal(3);
    expect(keyless.stderr).to.match(/BACKUP_ENCRYPTION_KEY is missing/);
    const away = await world.cli(['emergency'], {
      ...nothing,
      BACKUP_DIR: join(world.folder, 'not-mounted'),
    });
    expect(away.code).to.equal(3);
    expect(away.stderr).to.match(/is the volume mounted/);
  });

  describe('when history was dropped', () => {
    let before: Row[];

    it('a rebuild lists every backup again, verified and in order', async () => {
      before = await list();
      await world.killWorkers();
      await world.sql('postgres', 'DROP DATABASE history WITH (FORCE)');
      await world.sql('postgres', 'CREATE DATABASE history');
      const { code, main, stderr } = await rebuild();
      expect(code, stderr).to.equal(0);
      expect(main).to.deep.include({ known: 0, missing: [], rejected: [], gaps: [] });
      expect(main.adopted).to.have.length(3);
      expect(await list()).to.deep.equal(
        before.map((row) => ({ ...row, ...changedByRebuild(row) })),
        'all but who asked for it and how often it was tried',
      );
      await world.startWorker();
      const test = await world.cli(['test', '--json']);
      expect(test.code).to.equal(0);
      expect(JSON.parse(test.stdout)).to.have.length(3);
    });

    it('a second rebuild finds nothing new', async () => {
      const { code, main } = await rebuild();
      expect(code).to.equal(0);
      expect(main).to.deep.include({ known: 3, adopted: [], rejected: [], gaps: [] });
    });

    it('what does not authenticate is refused and named, what lost its file is missing, holes are told', async () => {
      await world.killWorkers();
      await world.sql('postgres', 'DROP DATABASE history WITH (FORCE)');
      await world.sql('postgres', 'CREATE DATABASE history');
      const [newest, middle, oldest] = before.map((row) => join(world.backupDirectory, row.fileName ?? ''));
      const edited = readFileSync(`${middle}.meta`, 'utf8').replace('"rows":1000', '"rows":1001');
      writeFileSync(`${middle}.meta`, edited);
      rmSync(newest as string);
      renameSync(`${oldest}.meta`, `${oldest}.kept`);
      const { code, main } = await rebuild();
      expect(code).to.equal(1);
      expect(main.adopted).to.deep.equal([]);
      expect(main.missing).to.deep.equal([before[0]?.fileName]);
      expect(main.rejected).to.have.length(1);
      expect(main.rejected[0]?.name).to.equal(`${before[1]?.fileName}.meta`);
      expect(main.rejected[0]?.reason).to.match(/edited or damaged/);
      expect(main.gaps.join()).to.match(/^numbers 1 to 2 before full_backup/);
      expect((await list()).map((row) => row.status)).to.deep.equal(['missing']);
    });

    it('a rebuild with another key believes nothing', async () => {
      const key = randomBytes(48).toString('base64');
      const { code, stdout } = await world.cli(['catalog', 'rebuild', '--json'], {
        BACKUP_ENCRYPTION_KEY_FILE: '',
        BACKUP_ENCRYPTION_KEY: key,
      });
      expect(code).to.equal(1);
      const main = (JSON.parse(stdout) as Rebuilt[])[0] as Rebuilt;
      expect(main.rejected.every(({ reason }) => /key/.test(reason))).to.equal(true);
      expect(stdout).not.to.include(key);
    });
  });
});

/** A sidecar knows neither who asked nor how many attempts it took; the row is as old as the backup. */
function changedByRebuild(row: Row): object {
  const { startedAt } = row as unknown as { startedAt: string };
  return { requestedVia: 'cli', requestedBy: null, attempts: 1, createdAt: startedAt };
}
