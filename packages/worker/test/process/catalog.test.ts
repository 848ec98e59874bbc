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
  readonly strange: string[];
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
    await world.sql('postgres', 'CREATE DATABASE ward');
    await world.sql('ward', 'CREATE TABLE beds AS SELECT g AS id FROM generate_series(1, 30) g');
    world.environment.SOURCES_FILE = join(world.folder, 'sources.json');
    const sources = [{ name: 'ward', url: world.postgres.url('ward') }];
    writeFileSync(world.environment.SOURCES_FILE, JSON.stringify(sources));
  });
  after(() => world.close());

  async function list(source = 'main'): Promise<Row[]> {
    return JSON.parse((await world.cli(['list', '--json', '--source', source])).stdout);
  }

  async function rebuild(): Promise<{ code: number; main: Rebuilt; ward: Rebuilt; stderr: string }> {
    const { code, stdout, stderr } = await world.cli(['catalog', 'rebuild', '--json'], { REDIS_URL: '' });
    const [main, ward] = JSON.parse(stdout) as [Rebuilt, Rebuilt];
    return { code, main, ward, stderr };
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
    expect((await world.cli(['full', '--source', 'ward'])).code).to.equal(0);
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
    let ofWard: Row[];

    it('a rebuild lists every backup again, verified and in order', async () => {
      [before, ofWard] = [await list(), await list('ward')];
      await world.killWorkers();
      await world.sql('postgres', 'DROP DATABASE history WITH (FORCE)');
      await world.sql('postgres', 'CREATE DATABASE history');
      const { code, main, ward, stderr } = await rebuild();
      expect(code, stderr).to.equal(0);
      for (const one of [main, ward]) {
        expect(one).to.deep.include({ known: 0, missing: [], strange: [], rejected: [], gaps: [] });
      }
      expect(main.adopted).to.have.length(3);
      expect(ward).to.deep.include({ source: 'ward', adopted: ofWard.map(({ fileName }) => fileName) });
      expect(await list('ward')).to.deep.equal(ofWard.map((row) => ({ ...row, ...changedByRebuild(row) })));
      expect(await list()).to.deep.equal(
        before.map((row) => ({ ...row, ...changedByRebuild(row) })),
        'all but who asked for it and how often it was tried',
      );
      await world.startWorker();
      const verdicts = () => world.sql('history', `SELECT FROM verifications WHERE status = 'passed'`);
      while ((await verdicts()).length < 4) await delay(200);
      const test = await world.cli(['test', '--json']);
      expect(test.code).to.equal(0);
      expect(JSON.parse(test.stdout), 'the worker has verified all by itself').to.have.length(0);
    });

    it('each rebuilt backup is restored and passes a recovery test: full, emergency, of a further source', async () => {
      const full = before.find(({ type }) => type === 'full');
      const emergency = before.find(({ type }) => type === 'emergency');
      for (const [backup, table, count] of [
        [full, 'patients', 1000],
        [emergency, 'patients', 1000],
        [ofWard[0], 'beds', 30],
      ] as const) {
        const id = backup?.id ?? '';
        const copy = `copy_of_${backup?.type}_${table}`;
        const [restored, proven] = await Promise.all([
          world.cli(['restore', '--backup', id, '--into', copy]),
          world.cli(['verify', id, '--json']),
        ]);
        expect(restored.code, restored.stdout + restored.stderr).to.equal(0);
        expect(proven.code, proven.stdout + proven.stderr).to.equal(0);
        expect(JSON.parse(proven.stdout)).to.deep.include({ backupId: id, status: 'passed', findings: [] });
        const rows = await world.sql<{ count: number }>(copy, `SELECT count(*) FROM ${table}`);
        expect(Number(rows[0]?.count)).to.equal(count);
      }
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
      const { code, main, ward } = await rebuild();
      expect(code).to.equal(1);
      expect(ward.adopted).to.have.length(1);
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
