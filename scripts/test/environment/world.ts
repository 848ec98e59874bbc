import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Secret } from '../../../packages/shared/src/config/secret.js';
import { createHistoryPool } from '../../../packages/shared/src/history/database.js';
import {
  type MailReceiver,
  receiveMail,
  receiveWeb,
  type WebReceiver,
} from '../../../packages/shared/test/notify/receivers.js';
import { freePort } from '../../services/free-port.js';
import { type PostgresServer, startPostgres } from '../../services/postgres.js';
import { type RedisServer, startRedis } from '../../services/redis.js';
import { scratchFolder } from '../../services/scratch-folder.js';

const run = promisify(execFile);

export type Pool = ReturnType<typeof createHistoryPool>;

/** Servers that two installations share, each with databases and folders of its own, and receivers of what they tell. */
export class World {
  readonly mails: readonly [MailReceiver, MailReceiver];
  readonly ports: readonly [number, number];
  readonly folder: string;
  readonly web: WebReceiver;
  readonly #postgres: PostgresServer;
  readonly #redis: RedisServer;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #pools = new Map<string, Pool>();

  private constructor(parts: {
    folder: string;
    postgres: PostgresServer;
    redis: RedisServer;
    web: WebReceiver;
    mails: readonly [MailReceiver, MailReceiver];
    ports: readonly [number, number];
  }) {
    this.folder = parts.folder;
    this.web = parts.web;
    this.mails = parts.mails;
    this.ports = parts.ports;
    this.#postgres = parts.postgres;
    this.#redis = parts.redis;
  }

  static async open(): Promise<World> {
    const folder = await scratchFolder('safekeep-environment');
    const postgres = await startPostgres({ directory: join(folder, 'postgres') });
    const redis = await startRedis({ directory: join(folder, 'redis') });
    const mails = [await receiveMail(), await receiveMail()] as const;
    const ports = [await freePort(), await freePort()] as const;
    const world = new World({ folder, postgres, redis, web: await receiveWeb(), mails, ports });
    for (const name of ['first-backups', 'second-backups']) mkdirSync(join(folder, name));
    await world.#makeDatabases();
    return world;
  }

  /** SQL as the superuser; the rows. */
  async sql<T extends Record<string, unknown>>(
    database: string,
    text: string,
    values: unknown[] = [],
  ): Promise<T[]> {
    return (await this.pool(database).query<T>(text, values)).rows;
  }

  pool(database: string): Pool {
    const known = this.#pools.get(database);
    if (known !== undefined) return known;
    const pool = createHistoryPool(new Secret(this.#postgres.url(database)), 4, () => {});
    this.#pools.set(database, pool);
    return pool;
  }

  /** A database as a role sees it; without a role as the superuser does. */
  postgresUrl(database: string, role?: string): string {
    const url = new URL(this.#postgres.url(database));
    if (role !== undefined) [url.username, url.password] = [role, PASSWORD];
    return url.href;
  }

  redisUrl(database: number): string {
    return `${this.#redis.url}/${database}`;
  }

  async redisHas(database: number, key: string): Promise<boolean> {
    const { stdout } = await run('redis-cli', ['-u', this.redisUrl(database), 'EXISTS', key]);
    return stdout.trim() === '1';
  }

  /** A file of sources, each of them the database `annexe`. */
  sourcesFile(...names: readonly string[]): string {
    const path = join(this.folder, `${names.join('-')}.json`);
    const entries = names.map((name) => ({ name, url: this.postgresUrl('annexe') }));
    writeFileSync(path, JSON.stringify(entries));
    return path;
  }

  /** The roles that changed a definition with these words in it. */
  rolesThatRan(words: string): string[] {
    const lines = readFileSync(join(this.folder, 'postgres/postgres.log'), 'utf8').split('\n');
    const roles = lines.filter((line) => line.includes(words)).map((line) => line.split(' ')[0] ?? '');
    return [...new Set(roles)];
  }

  /** Runs what must not happen in both installations at the same time. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()));
    await Promise.all([this.web, ...this.mails].map((receiver) => receiver.close()));
    await this.#redis.stop();
    await this.#postgres.stop('immediate');
  }

  async #makeDatabases(): Promise<void> {
    await this.sql('postgres', `ALTER SYSTEM SET log_statement = 'ddl'`);
    await this.sql('postgres', `ALTER SYSTEM SET log_line_prefix = '%u '`);
    await this.sql('postgres', 'SELECT pg_reload_conf()');
    for (const role of ['scratch_role', 'restore_role', 'migrator', 'application']) {
      const rights = /_role$/.test(role) ? 'SUPERUSER' : '';
      await this.sql('postgres', `CREATE ROLE ${role} LOGIN ${rights} PASSWORD '${PASSWORD}'`);
    }
    await this.sql('postgres', 'CREATE DATABASE history_first');
    await this.sql('postgres', 'CREATE DATABASE history_second OWNER migrator');
    for (const [database, own] of [
      ['clinic', 'beds'],
      ['surgery', 'knives'],
      ['annexe', 'chairs'],
    ] as const) {
      await this.sql('postgres', `CREATE DATABASE ${database}`);
      await this.sql(database, `CREATE TABLE ${own} (id int)`);
      await this.sql(database, 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 9) g');
      await this.sql(database, 'CREATE TABLE visits AS SELECT g AS id FROM generate_series(1, 99) g');
      await this.sql(
        database,
        `CREATE TABLE texts AS SELECT g AS id, repeat(md5((g % 97)::text), 3) || md5((g % 61)::text) || (g * g)::text AS text
         FROM generate_series(1, 5000) g`,
      );
    }
  }
}

const PASSWORD = randomBytes(18).toString('base64url');
