import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { namesOf } from '@safekeep/shared/storage/backup-names';
import { expect } from 'chai';
import { contentOf } from '../../../shared/test/queues/content.js';
import { shell } from '../process/by-hand.js';
import { slowTable } from '../process/world.js';
import type { Random } from '../property/random.js';
import { type Api, type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, Tally } from './harness/seeds.js';

type Moment = 'before it is begun' | 'while it runs' | 'after it';

/** The promise is a minute; machines that do much else get twice as long. In milliseconds. */
const BOUND = 120_000;

/** What a backup is, wherever it is read from. */
const FACTS = `SELECT id, source, type, status, base_id, file_name, started_at, ended_at, size_bytes, checksum, hmac, sequence,
  table_count, row_count, changed_tables, changed_rows FROM backups`;

const STEPS = [
  { source: 'main', type: 'full' },
  { source: 'ward', type: 'full' },
  { source: 'main', type: 'incremental' },
  { source: 'ward', type: 'incremental' },
] as const;

const DATABASES = { main: 'source', ward: 'source_ward' } as const;

/** The end of "Nothing lost" in docs/TESTING.md: everything dies, Redis forgets, history is set back. */
describe('a disaster that leaves nothing but the backup directory and an older dump of history', function () {
  this.timeout(240_000);
  let world: FaultWorld;
  let api: Api;
  const tally = new Tally(26);

  after(() => tally.print());
  afterEach(() => world?.close());

  const schedules = { SCHEDULE_FULL: '0 2 1 1 *', SCHEDULE_CLEANUP: '0 5 1 1 *' };
  const dump = () => join(world.folder, 'history.dump');
  const facts = (where: string) => world.sql<Record<string, unknown>>('history', `${FACTS} WHERE ${where}`);

  async function start(): Promise<void> {
    api = await world.startApi(schedules);
    await Promise.all([world.startWorker(schedules), world.startWorker(schedules)]);
  }

  async function ask(source: string, type: 'full' | 'incremental'): Promise<string> {
    const { status, body } = await api.request('POST', `/backup/${type}`, { body: { source } });
    expect(status, JSON.stringify(body)).to.equal(202);
    return body.id;
  }

  async function reaches(id: string, wanted: (backup: Backup) => boolean): Promise<Backup> {
    for (;;) {
      const { body } = await api.request('GET', `/backup/${id}`);
      if (wanted(body)) return body;
      await delay(20);
    }
  }

  const completed = (id: string) => reaches(id, ({ status }) => status === 'completed');

  const takeDump = () =>
    shell('pg_dump -Fc --dbname="$URL" --file="$FILE"', { URL: world.postgres.url('history'), FILE: dump() });

  async function step({ source, type }: (typeof STEPS)[number], moment: Moment | null): Promise<string> {
    if (type === 'incremental') {
      await world.sql(DATABASES[source], `UPDATE scans SET pixels = 'x' WHERE id % 100 = 3`);
    }
    const frozen = moment === 'before it is begun' ? world.workerPids() : [];
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    const id = await ask(source, type);
    if (moment === 'while it runs') await reaches(id, ({ status }) => status === 'running');
    if (moment === 'before it is begun' || moment === 'while it runs') await takeDump();
    for (const pid of frozen) process.kill(pid, 'SIGCONT');
    await completed(id);
    if (moment === 'after it') await takeDump();
    return id;
  }

  /** Kills everything but the sources, forgets Redis and sets history back. */
  async function disaster(): Promise<void> {
    api.running.child.kill('SIGKILL');
    world.redis.kill();
    await world.killWorkers();
    await world.postgres.kill();
    for (const name of readdirSync(join(world.folder, 'redis'))) {
      if (name !== 'redis.log') rmSync(join(world.folder, 'redis', name), { recursive: true });
    }
    await world.redis.restart();
    expect(await contentOf(world.redis.url)).to.have.property('size', 0);
    await world.postgres.restart();
    await world.sql('postgres', 'DROP DATABASE history');
    await world.sql('postgres', 'CREATE DATABASE history');
    await shell('pg_restore --exit-on-error --dbname="$URL" "$FILE"', {
      URL: world.postgres.url('history'),
      FILE: dump(),
    });
  }

  const schedulers = async () =>
    [...(await contentOf(world.redis.url))].filter(([key]) => /:repeat:[^:]+$/.test(key)).map(([key]) => key);

  for (const { number, random } of SEEDS) {
    it(`is over within a minute: no good backup is lost or taken twice, no bad one believed (seed ${number})`, async () => {
      world = await openFaultWorld('disaster', { sources: ['ward'], sourcesApart: true });
      for (const database of Object.values(DATABASES)) {
        await world.sql(database, `${slowTable(15_000)}; ALTER TABLE scans ADD PRIMARY KEY (id)`);
      }
      await start();
      const at = random.between(0, STEPS.length - 1);
      const moment = random.pick<Moment>(['before it is begun', 'while it runs', 'after it']);
      const good: string[] = [];
      for (const [number, wanted] of STEPS.entries()) {
        good.push(await step(wanted, number === at ? moment : null));
      }
      const bad = await completed(await ask('main', 'full'));
      const damage = damageFile(world, bad.fileName ?? '', random);
      const wanted = await facts(`id IN ('${good.join(`', '`)}') ORDER BY id`);
      const scheduled = await schedulers();
      expect(scheduled).to.have.length(3);
      const running = await ask('ward', 'full');
      if (random.chance(0.7)) await reaches(running, ({ status }) => status === 'running');

      await disaster();
      const [restored] = await world.sql<{ status: string }>(
        'history',
        `SELECT coalesce((SELECT status FROM backups WHERE id = '${good[at]}'), 'unknown') AS status`,
      );
      tally.count(`history was set back to where backup ${at + 1} of 4 was ${restored?.status}`);
      tally.count(`meanwhile ${damage.what}`);
      const files = finalNames(world);

      const begun = Date.now();
      await start();
      while (!(await agrees()) && Date.now() - begun < BOUND) await delay(250);
      expect(
        await facts(`id IN ('${good.join(`', '`)}') ORDER BY id`),
        'the good ones are as they were',
      ).to.deep.equal(wanted);
      expect(finalNames(world), 'nothing was taken twice').to.deep.equal(files);
      const [believed] = await facts(`id = '${bad.id}' AND status = 'completed'`);
      expect(believed === undefined || (await isRefuted(bad.id)), `${damage.what} is not believed`).to.equal(
        true,
      );
      expect(await schedulers()).to.have.members(scheduled);
      expect(await agrees(), 'history, files and queue agree within the bound').to.equal(true);

      for (const source of ['main', 'ward'] as const) {
        const tip = await completed(await step({ source, type: 'incremental' }, null));
        expect(tip, `${source}: an incremental finds its base`).to.include({ type: 'incremental' });
        expect(tip.baseId).to.not.equal(bad.id);
      }
      await world.settled();
      await checkInvariants(world, { strangers: namesOf(bad.fileName ?? '') });

      /** Every sidecar that authenticates is in history, nothing waits, and all that was taken in was looked at. */
      async function agrees(): Promise<boolean> {
        const known = await world.sql<{ name: string }>(
          'history',
          `SELECT file_name AS name FROM backups b WHERE status <> 'running' AND file_name IS NOT NULL
             AND (adopted_at IS NULL OR status = 'missing' OR EXISTS (SELECT FROM verifications v WHERE v.backup_id = b.id))`,
        );
        const names = new Set(known.map(({ name }) => name));
        const sidecars = files.filter((name) => name.endsWith('.meta'));
        const all = sidecars
          .map((path) => path.replace(/^ward\//, '').replace(/\.meta$/, ''))
          .every((name) => names.has(name) || (name === bad.fileName && damage.what.includes('sidecar')));
        return all && (await world.unended()) === 0 && (await schedulers()).length === scheduled.length;
      }

      async function isRefuted(id: string): Promise<boolean> {
        const rows = await world.sql(
          'history',
          `SELECT FROM verifications WHERE backup_id = '${id}' AND status = 'failed'`,
        );
        return rows.length > 0;
      }
    });
  }
});

function damageFile(world: FaultWorld, fileName: string, random: Random): { readonly what: string } {
  const path = join(world.backupDirectory, fileName);
  const what = random.pick(['a sidecar was edited', 'a file was truncated', 'a bit was flipped']);
  const bytes = readFileSync(path);
  if (what === 'a sidecar was edited') {
    const text = readFileSync(`${path}.meta`, 'utf8');
    const edited = text.replace(/"checksum":"(.)/, (_, digit) => `"checksum":"${digit === '0' ? '1' : '0'}`);
    expect(edited).to.not.equal(text);
    writeFileSync(`${path}.meta`, edited);
  } else if (what === 'a file was truncated') {
    truncateSync(path, bytes.length - random.between(1, 16));
  } else {
    const at = random.between(0, bytes.length - 1);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7));
    writeFileSync(path, bytes);
  }
  return { what };
}

function finalNames(world: FaultWorld): string[] {
  return readdirSync(world.backupDirectory, { recursive: true })
    .map(String)
    .filter((name) => name.includes('_backup_') && !name.includes('.partial'))
    .sort();
}
