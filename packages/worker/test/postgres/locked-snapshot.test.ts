import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '@safekeep/shared/config/secret';
import { SafekeepError } from '@safekeep/shared/errors';
import { clientOptions } from '@safekeep/shared/history/database';
import { expect } from 'chai';
import pg from 'pg';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import { openLockedSnapshot } from '../../src/postgres/locked-snapshot.js';
import type { Snapshot } from '../../src/postgres/snapshot.js';

const ROWS = `CREATE TABLE notes (id int, note text); INSERT INTO notes SELECT g, 'note' FROM generate_series(1, 100) g;
  CREATE TABLE other (id int, note text); INSERT INTO other VALUES (7, 'other');
  CREATE TABLE "Odd ""name" (id int); CREATE SCHEMA "s'"; CREATE TABLE "s'".t (id int) PARTITION BY LIST (id);`;

/** What somebody does to the table in one transaction, and what a snapshot must see of it afterwards. */
const CHANGES: readonly (readonly [what: string, sql: string, rows: unknown[]])[] = [
  ['a TRUNCATE and a new load', `TRUNCATE notes; INSERT INTO notes VALUES (1, 'new')`, [{ count: 1 }]],
  ['an ALTER TABLE that rewrites', 'ALTER TABLE notes ALTER id TYPE bigint', [{ count: 100 }]],
  [
    'two tables that exchange names',
    'ALTER TABLE notes RENAME TO old; ALTER TABLE other RENAME TO notes; ALTER TABLE old RENAME TO other',
    [{ count: 1 }],
  ],
  ['a table that is dropped and made anew', 'DROP TABLE notes; CREATE TABLE notes (id int)', [{ count: 0 }]],
];

describe('a snapshot that meets changes before it has its locks', function () {
  this.timeout(60_000);
  let database: string;
  let holder: pg.Client;

  beforeEach(async () => {
    database = await emptyDatabase();
    await sql(database, ROWS);
    holder = new pg.Client(clientOptions(new Secret((await postgresServer()).url(database))));
    await holder.connect();
  });
  afterEach(() => holder.end());

  async function open(lockTimeout = 30_000, signal = new AbortController().signal): Promise<Snapshot> {
    const url = new Secret((await postgresServer()).url(database));
    return openLockedSnapshot({ name: 'main', url }, lockTimeout, signal);
  }

  async function untilItWaits(table = '', orEnded = () => false): Promise<void> {
    const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1 AND datname = $2`;
    const values = [`LOCK TABLE%${table}%`, database];
    while (!orEnded() && (await sql('postgres', waiting, values)).length === 0) await delay(5);
  }

  for (const [what, change, rows] of CHANGES) {
    it(`sees what is there after ${what}`, async () => {
      await holder.query(`BEGIN; ${change}`);
      const opening = open();
      await untilItWaits();
      await holder.query('COMMIT');
      const snapshot = await opening;
      const found = await snapshot.client.query('SELECT count(*)::int FROM public.notes');
      await snapshot.close();
      expect(found.rows).to.deep.equal(rows);
    });
  }

  it('sees rows that are written while it waits for a lock', async () => {
    await holder.query('BEGIN; LOCK TABLE notes IN ACCESS EXCLUSIVE MODE; DELETE FROM notes');
    const opening = open();
    await untilItWaits();
    await holder.query('COMMIT');
    const snapshot = await opening;
    const found = await snapshot.client.query('SELECT count(*)::int FROM public.notes');
    await snapshot.close();
    expect(found.rows).to.deep.equal([{ count: 0 }]);
  });

  it('holds tables as they are while it is open', async () => {
    const snapshot = await open();
    await holder.query('SET lock_timeout = 50');
    for (const name of ['notes', '"Odd ""name"']) {
      const error = await holder.query(`TRUNCATE ${name}`).then(null, (reason: unknown) => reason);
      expect(error, name).to.have.property('code', '55P03');
    }
    await snapshot.close();
    await holder.query('TRUNCATE notes');
  });

  it('is had although tables are emptied all the time', async () => {
    await holder.query('BEGIN; TRUNCATE notes');
    const opening = open();
    await untilItWaits();
    // The next one comes to the lock after the snapshot.
    const next = holder.query('COMMIT; BEGIN; TRUNCATE notes');
    const snapshot = await opening;
    const found = await snapshot.client.query('SELECT count(*)::int FROM public.notes');
    await snapshot.close();
    await next;
    await holder.query('COMMIT');
    expect(found.rows).to.deep.equal([{ count: 0 }]);
  });

  /** What becomes of a table that is made after the list of tables was read and before they are locked. */
  const FRESH: readonly (readonly [what: string, sql: string])[] = [
    ['emptied and loaded', 'TRUNCATE fresh; INSERT INTO fresh VALUES (2), (3)'],
    [
      'exchanged for another',
      'ALTER TABLE fresh RENAME TO stale; CREATE TABLE fresh (id int); INSERT INTO fresh VALUES (2), (3)',
    ],
  ];
  for (const [what, change] of FRESH) {
    it(`is taken anew after a table was made, seen, and ${what} before it was locked`, async () => {
      const other = new pg.Client(clientOptions(new Secret((await postgresServer()).url(database))));
      await other.connect();
      await holder.query('BEGIN; LOCK TABLE notes IN ACCESS EXCLUSIVE MODE');
      const opening = open();
      await untilItWaits();
      await other.query('CREATE TABLE fresh (id int)');
      await other.query('INSERT INTO fresh VALUES (1)');
      await other.query(`BEGIN; LOCK TABLE fresh; ${change}`);
      await holder.query('COMMIT');
      await untilItWaits('fresh');
      await other.query('COMMIT');
      await other.end();
      const snapshot = await opening;
      const found = await snapshot.client.query('SELECT * FROM public.fresh');
      await snapshot.close();
      expect(found.rows).to.deep.equal([{ id: 2 }, { id: 3 }]);
    });
  }

  it('gives up when tables are dropped each time, and says so', async () => {
    const tables = Array.from({ length: 20 }, (_, number) => `short_lived_${number}`);
    await sql(database, tables.map((name) => `CREATE TABLE ${name} (id int)`).join(';'));
    const opening = open().then(
      (snapshot) => snapshot,
      (error: unknown) => error,
    );
    let ended = false;
    void opening.then(() => {
      ended = true;
    });
    await holder.query(`BEGIN; DROP TABLE ${tables.pop()}`);
    while (!ended) {
      await untilItWaits('', () => ended);
      await holder.query(`COMMIT; BEGIN; DROP TABLE ${tables.pop()}`);
    }
    await holder.query('COMMIT');
    const error = await opening;
    expect(error).to.be.instanceOf(SafekeepError);
    expect(error).to.include({ code: 'DUMP_FAILED', retryable: true });
    expect((error as Error).message).to.contain('emptied, rewritten or renamed');
  });

  it('ends when it is told to stop, however long the lock lasts', async () => {
    await holder.query('BEGIN; TRUNCATE notes');
    const stop = new AbortController();
    const opening = open(60_000, stop.signal);
    opening.catch(() => {});
    await untilItWaits();
    const reason = new Error('stop');
    stop.abort(reason);
    expect(await opening.then(null, (error: unknown) => error)).to.equal(reason);
    await holder.query('COMMIT');
  });
});
