import { Secret } from '@safekeep/shared/config/secret';
import { clientOptions } from '@safekeep/shared/history/database';
import { expect } from 'chai';
import pg from 'pg';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import { openSnapshot } from '../../src/postgres/snapshot.js';
import { isDurable, readWalPositions, waitUntilDurable } from '../../src/postgres/wal-position.js';

const PAGE = 8192;
const AT = 5n * 8192n;

describe('what a snapshot saw', function () {
  this.timeout(60_000);

  const positions: readonly (readonly [what: string, written: bigint, durable: bigint, is: boolean])[] = [
    ['all is written out', AT + 100n, AT + 100n, true],
    ['more is written out', AT + 100n, AT + 101n, true],
    ['a byte is not', AT + 100n, AT + 99n, false],
    ['the next record would begin behind the head of a page', AT + 24n, AT, true],
    ['and behind that of a segment', AT + 40n, AT, true],
    ['but a byte of the page before is not', AT + 24n, AT - 1n, false],
    ['a record ends on a page', AT + 48n, AT, false],
  ];
  for (const [what, written, durable, is] of positions) {
    it(`is ${is ? '' : 'not '}durable when ${what}`, () => {
      expect(isDurable({ written, durable: 0n, page: PAGE }, { durable })).to.equal(is);
    });
  }

  const open: (() => Promise<unknown>)[] = [];
  afterEach(() => Promise.all(open.splice(0).map((close) => close())));

  async function connect(database: string): Promise<pg.Client> {
    const client = new pg.Client(clientOptions(new Secret((await postgresServer()).url(database))));
    await client.connect();
    open.push(() => client.end());
    return client;
  }

  it('becomes durable also where commits do not wait for the disk', async () => {
    const database = await emptyDatabase();
    await sql(database, 'CREATE TABLE notes (id int)');
    const writer = await connect(database);
    await writer.query('SET synchronous_commit = off');
    await writer.query('INSERT INTO notes SELECT generate_series(1, 1000)');
    const then = await readWalPositions(writer);
    expect(await waitUntilDurable(writer, then, 30_000, async () => {})).to.equal(true);
  });

  it('becomes durable soon also where a transaction that goes on is the only one that wrote', async () => {
    const database = await emptyDatabase();
    const url = new Secret((await postgresServer()).url(database));
    const writer = await connect(database);
    await writer.query('BEGIN; CREATE TABLE notes AS SELECT generate_series(1, 1000)');
    const snapshot = await openSnapshot({ name: 'main', url }, 5_000);
    open.push(snapshot.close);
    const then = await readWalPositions(snapshot.client);
    expect(isDurable(then, then)).to.equal(false);
    // PostgreSQL by itself would take up to 15 s.
    expect(await waitUntilDurable(snapshot.client, then, 5_000, snapshot.hurryLog)).to.equal(true);
  });

  it('is not waited for without end', async () => {
    const client = await connect('postgres');
    const now = await readWalPositions(client);
    const never = { ...now, written: now.written + (1n << 40n) };
    expect(await waitUntilDurable(client, never, 0, async () => {})).to.equal(false);
  });
});
