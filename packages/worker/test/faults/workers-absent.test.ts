import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { type RunningApi, runApi } from '../../../api/test/running-api.js';
import {
  type MailReceiver,
  receiveMail,
  receiveWeb,
  type WebReceiver,
} from '../../../shared/test/notify/receivers.js';
import { dueThreeHoursAgo } from '../../../shared/test/schedules/rows.js';
import type { World } from '../process/world.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { SEEDS, type Seed, Tally } from './harness/seeds.js';

type Signal = 'SIGTERM' | 'SIGKILL';

/** An API and a worker with a history of their own, and the receivers of what they tell. */
class Site {
  readonly web: WebReceiver;
  readonly mail: MailReceiver;
  readonly #world: World;
  readonly #name: string;
  /** Once: a schedule that changes when an hour begins is another one, which nobody has missed. */
  readonly #due = dueThreeHoursAgo();
  #api: RunningApi | undefined;

  private constructor(world: World, name: string, web: WebReceiver, mail: MailReceiver) {
    this.#world = world;
    this.#name = name;
    this.web = web;
    this.mail = mail;
  }

  static async open(world: World, name: string): Promise<Site> {
    await world.sql('postgres', `CREATE DATABASE ${name}`);
    mkdirSync(join(world.folder, name));
    return new Site(world, name, await receiveWeb(), await receiveMail());
  }

  get #environment(): Record<string, string> {
    return {
      ...(this.#world.environment as Record<string, string>),
      HISTORY_DATABASE_URL: this.#world.postgres.url(this.#name),
      REDIS_URL: `${this.#world.redis.url}/${this.#name === 'sigterm' ? 1 : 2}`,
      BACKUP_DIR: join(this.#world.folder, this.#name),
      SCHEDULE_FULL: this.#due,
      SMTP_URL: `smtp://127.0.0.1:${this.mail.port}`,
      SMTP_FROM: 'safe@clinic.example',
      SMTP_TO: 'it@clinic.example',
      WEBHOOK_URL: this.web.url,
      WEBHOOK_SECRET: SECRET,
      NOTIFY_ALLOWED_HOSTS: '127.0.0.1',
    };
  }

  async startApi(): Promise<void> {
    this.#api = runApi({ ...this.#environment, JWT_SECRET: SECRET, PORT: '0' });
    await this.#api.url();
  }

  async stopApi(signal: Signal): Promise<void> {
    this.#api?.child.kill(signal);
    await this.#api?.ended();
  }

  startWorker() {
    return this.#world.startWorker(this.#environment);
  }

  /** The world as it looks with this site's history, queue and files. */
  get world(): World {
    const { BACKUP_DIR: backupDirectory = '', REDIS_URL: url = '' } = this.#environment;
    const named = (database: string) => (database === 'history' ? this.#name : database);
    return {
      ...this.#world,
      backupDirectory,
      redis: { ...this.#world.redis, url },
      postgres: { ...this.#world.postgres, url: (database) => this.#world.postgres.url(named(database)) },
      sql: (database, text) => this.#world.sql(named(database), text),
    };
  }

  sql<T extends Record<string, unknown>>(text: string): Promise<T[]> {
    return this.#world.sql<T>(this.#name, text);
  }

  /** What both channels were told of a rule, in order: `raised`, `resolved`. */
  told(rule: string): { web: string[]; mail: string[] } {
    const posts = this.web.received.map(({ body }) => JSON.parse(body));
    const about = posts.filter(({ alert }) => alert?.rule === rule);
    const subjects = this.mail.received.map(({ text }) => /^Subject: (.*)$/m.exec(text)?.[1]?.trim() ?? '');
    return {
      web: about.map(({ event }) => event),
      mail: subjects
        .filter((subject) => subject.includes(rule))
        .map((subject) => (subject.includes(' resolved: ') ? 'resolved' : 'raised')),
    };
  }

  /** Waits until both channels were told as much; the test's own timeout is the bound. */
  async untilTold(rule: string, count: number): Promise<void> {
    for (;;) {
      const { web, mail } = this.told(rule);
      if (web.length >= count && mail.length >= count) return;
      await delay(100);
    }
  }

  async close(): Promise<void> {
    await this.stopApi('SIGKILL');
    await Promise.all([this.web.close(), this.mail.close()]);
  }
}

const SECRET = randomBytes(48).toString('base64');
const TOLD_ONCE = { web: ['raised', 'resolved'], mail: ['raised', 'resolved'] };

const tally = new Tally(14);

/** Fault 14 of docs/TESTING.md. */
describe('when no worker is left', function () {
  this.timeout(300_000);
  after(() => tally.print());
  for (const seed of SEEDS) describe(`(seed ${seed.number})`, () => loseAllWorkers(seed));
});

/** The rules wait for a minute and look every half; both sites do so at the same time. */
function loseAllWorkers({ random }: Seed): void {
  let world: FaultWorld;
  const sites = new Map<Signal, Site>();
  const absences = new Map<Signal, Promise<void>>();

  before(async () => {
    world = await openFaultWorld('absence');
    await world.sql('source', 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 9) g');
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      sites.set(signal, await Site.open(world, signal.toLowerCase()));
    }
    for (const [signal, site] of sites) {
      const absence = loseWorker(site, signal);
      absence.catch(() => {});
      absences.set(signal, absence);
    }
  });
  after(async () => {
    await world.close();
    for (const site of sites.values()) await site.close();
  });

  /** Returns when both channels were told that no worker is there. */
  async function loseWorker(site: Site, signal: Signal): Promise<void> {
    await site.startApi();
    const worker = await site.startWorker();
    while ((await site.sql('SELECT FROM workers')).length === 0) await delay(100);
    worker.child.kill(signal);
    expect(await worker.ended()).to.equal(signal === 'SIGTERM' ? 0 : signal);
    await site.untilTold('worker-absent', 1);
  }

  it('because it was killed, the API tells by webhook and mail, and that one is there again', async () => {
    const site = sites.get('SIGKILL') as Site;
    await absences.get('SIGKILL');
    expect((await site.sql('SELECT FROM workers WHERE stopped_at IS NULL')).length).to.equal(1);
    await site.startWorker();
    await site.untilTold('worker-absent', 2);
    expect(site.told('worker-absent')).to.deep.equal(TOLD_ONCE);
    tally.count('worker killed');
  });

  it('because it was stopped, a due time passes and the API is started again: the backup is taken once, late, and both channels are told', async () => {
    const site = sites.get('SIGTERM') as Site;
    await absences.get('SIGTERM');
    // The schedule was there for two days, and nobody was there three hours ago.
    await site.sql(`UPDATE schedules SET since = now() - interval '2 days' WHERE name = 'full'`);
    await site.stopApi('SIGTERM');
    await site.startApi();
    expect(await site.sql('SELECT FROM backups')).to.deep.equal([]);
    expect(site.told('worker-absent')).to.deep.equal({ web: ['raised'], mail: ['raised'] });
    const workers = random.between(1, 3);
    await Promise.all(Array.from({ length: workers }, () => site.startWorker()));
    await Promise.all([site.untilTold('worker-absent', 2), site.untilTold('schedule-late', 1)]);
    expect(site.told('worker-absent')).to.deep.equal(TOLD_ONCE);
    expect(site.told('schedule-late')).to.deep.equal({ web: ['raised'], mail: ['raised'] });
    const message = site.web.received
      .map(({ body }) => JSON.parse(body))
      .find(({ alert }) => alert?.rule === 'schedule-late');
    expect(message.alert).to.include({ severity: 'warning', source: 'main', subject: 'full' });
    while ((await site.sql(`SELECT FROM backups WHERE status = 'completed'`)).length === 0) await delay(50);
    const backups = await site.sql('SELECT requested_via AS via, attempts FROM backups');
    expect(backups).to.deep.equal([{ via: 'schedule', attempts: 1 }]);
    const runs = await site.sql('SELECT late FROM due_runs');
    expect(runs).to.deep.equal([{ late: true }]);
    await checkInvariants(site.world);
    tally.count(`due time missed, API started again, workers: ${workers}`);
  });
}
