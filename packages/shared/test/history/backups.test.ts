import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { backup, type HistoryQuery } from '../../src/contracts/backup.js';
import { fail } from '../../src/errors.js';
import { writeResult } from '../../src/history/backup-outcomes.js';
import {
  failQueuedBackup,
  findBackup,
  findBackupByIdempotencyKey,
  findLastSize,
  findSequenceHead,
  insertBackup,
  listBackups,
} from '../../src/history/backups.js';
import { type Database, inTransaction } from '../../src/history/database.js';
import { findUserByName, insertUser } from '../../src/history/users.js';
import { openHistory, type TestHistory } from '../servers.js';
import { aResult, letLeasePass, queueBackup, readBackup, start } from './rows.js';

const page = (more: Partial<HistoryQuery> = {}): HistoryQuery => ({ limit: 50, offset: 0, ...more });

describe('the history of backups', () => {
  let history: TestHistory;

  before(async () => {
    history = await openHistory();
  });
  after(() => history?.close());
  beforeEach(() => history.pool.query('TRUNCATE backups, users CASCADE'));

  /** Inserts completed backups, the first one the oldest; two have one time of creation. */
  async function someBackups(): Promise<string[]> {
    const sources = ['main', 'lab', 'main', 'main', 'lab', 'main'];
    const ids: string[] = [];
    for (const [at, source] of sources.entries()) {
      const id = await queueBackup(history.pool, { source });
      const minute = Math.min(at, sources.length - 2);
      await history.pool.query(
        `UPDATE backups SET created_at = '2024-01-01Z'::timestamptz + make_interval(mins => $2) WHERE id = $1`,
        [id, minute],
      );
      ids.push(id);
    }
    for (const id of ids.slice(0, 2)) await failQueuedBackup(history.pool, id, fail('DISK_FULL'));
    const [earlier, later] = ids.slice(-2).toSorted((left, right) => (left < right ? -1 : 1));
    return [...ids.slice(0, -2), earlier as string, later as string];
  }

  it('keeps the contract of the API in every row', async () => {
    const queued = await readBackup(history.pool, await queueBackup(history.pool));
    expect(backup.encode(queued)).to.include({ status: 'queued', attempts: 0, sizeBytes: null, error: null });
    await writeResult(history.pool, queued.id, aResult());
    const completed = await readBackup(history.pool, queued.id);
    expect(backup.encode(completed)).to.include({
      sizeBytes: 5_000_000_000,
      sequence: 1,
      endedAt: '2024-01-01T02:03:04.567Z',
    });
  });

  it('lists the newest first, in one order also where two have the same time', async () => {
    const ids = await someBackups();
    const { backups, total } = await listBackups(history.pool, page());
    expect(backups.map((one) => one.id)).to.deep.equal(ids.toReversed());
    expect(total).to.equal(6);
  });

  it('lists those of one moment in one order, however the server reads them', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => queueBackup(history.pool)));
    await history.pool.query(`UPDATE backups SET created_at = '2024-01-01Z'`);
    await inTransaction(history.pool, async (db) => {
      await db.query('SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off');
      const { backups } = await listBackups(db, page());
      const newestFirst = ids.toSorted((left, right) => (left < right ? 1 : -1));
      expect(backups.map((one) => one.id)).to.deep.equal(newestFirst);
    });
  });

  it('gives every backup exactly once when it is read page by page', async () => {
    const ids = await someBackups();
    const read: string[] = [];
    for (let offset = 0; offset < 8; offset += 2) {
      const { backups, total } = await listBackups(history.pool, page({ limit: 2, offset }));
      expect(total).to.equal(6);
      read.push(...backups.map((one) => one.id));
    }
    expect(read).to.deep.equal(ids.toReversed());
  });

  const filters: [Partial<HistoryQuery>, number][] = [
    [{ source: 'main' }, 4],
    [{ source: 'lab' }, 2],
    [{ source: 'nobody' }, 0],
    [{ status: 'failed' }, 2],
    [{ status: 'queued', source: 'main' }, 3],
    [{ status: 'failed', source: 'lab', type: 'full' }, 1],
    [{ type: 'full' }, 6],
    [{ type: 'incremental' }, 0],
  ];
  for (const [filter, count] of filters) {
    it(`lists and counts by ${JSON.stringify(filter)}`, async () => {
      await someBackups();
      const { backups, total } = await listBackups(history.pool, page({ ...filter, limit: 2 }));
      expect(total).to.equal(count);
      expect(backups).to.have.length(Math.min(2, count));
      for (const one of backups) expect(one).to.include(filter);
    });
  }

  describe('by idempotency key', () => {
    let jane: string;
    let john: string;
    const keyed = (requestedBy: string, idempotencyKey: string) =>
      insertBackup(history.pool, {
        id: randomUUID(),
        source: 'main',
        type: 'full',
        requestedVia: 'api',
        requestedBy,
        idempotencyKey,
      });

    beforeEach(async () => {
      const ids: string[] = [];
      for (const username of ['jane', 'john']) {
        await insertUser(history.pool, { username, passwordHash: 'x', role: 'operator' });
        ids.push((await findUserByName(history.pool, username))?.id as string);
      }
      [jane, john] = ids as [string, string];
    });

    it('inserts one backup a person and key, also 50 times at once', async () => {
      const inserted = await Promise.all(Array.from({ length: 50 }, () => keyed(jane, 'key-1')));
      const made = inserted.filter((one) => one !== null);
      expect(made).to.have.length(1);
      expect((await findBackupByIdempotencyKey(history.pool, jane, 'key-1'))?.id).to.equal(made[0]?.id);
      expect((await listBackups(history.pool, page())).total).to.equal(1);
    });

    it('keeps the keys of different people apart', async () => {
      const [hers, his] = [await keyed(jane, 'key-1'), await keyed(john, 'key-1')];
      expect(hers?.id).to.not.equal(his?.id);
      expect((await findBackupByIdempotencyKey(history.pool, john, 'key-1'))?.id).to.equal(his?.id);
      expect(await findBackupByIdempotencyKey(history.pool, john, 'key-2')).to.equal(null);
      expect(await keyed(jane, 'KEY-1'), 'keys are compared as they are').to.not.equal(null);
    });

    it('does not hold back requests without a key', async () => {
      await queueBackup(history.pool);
      await queueBackup(history.pool);
      expect((await listBackups(history.pool, page())).total).to.equal(2);
    });
  });

  describe('refuses rows that cannot be true', () => {
    const refuse = async (change: string): Promise<string> => {
      const id = await queueBackup(history.pool);
      return history.pool.query(`UPDATE backups SET ${change} WHERE id = $1`, [id]).then(
        () => 'done',
        (error: { constraint?: string; code: string }) => error.constraint ?? error.code,
      );
    };
    const file = `file_name = 'f', checksum = 'c', hmac = 'h', ended_at = now()`;

    it('a completed backup without a file, checksum, HMAC or end', async () => {
      expect(await refuse(`status = 'completed', ${file}`)).to.equal('done');
      for (const missing of ['file_name', 'checksum', 'hmac', 'ended_at']) {
        const change = `status = 'completed', ${file.replace(new RegExp(`${missing} = ('.'|now\\(\\))`), `${missing} = NULL`)}`;
        expect(await refuse(change), missing).to.equal('completed_backups_have_a_file');
      }
    });

    it('a failed backup without a code, a status that does not exist, a base that does not exist', async () => {
      expect(await refuse(`status = 'failed'`)).to.equal('failures_have_a_code');
      expect(await refuse(`status = 'done'`)).to.equal('backups_status_check');
      expect(await refuse(`base_id = '${randomUUID()}'`)).to.equal('backups_base_id_fkey');
    });

    it('two finished backups of a source with one sequence number', async () => {
      const [one, two] = [await queueBackup(history.pool), await queueBackup(history.pool)];
      const lab = await queueBackup(history.pool, { source: 'lab' });
      await writeResult(history.pool, one, aResult(1));
      await writeResult(history.pool, lab, aResult(1));
      const second = history.pool.query('UPDATE backups SET sequence = 1 WHERE id = $1', [two]);
      expect(await second.catch((error: { constraint: string }) => error.constraint)).to.equal(
        'backups_sequence',
      );
    });
  });

  it('never ends a backup that a run holds as one that was never queued', async () => {
    const id = await queueBackup(history.pool);
    const run = await start(history.pool, id);
    expect(await failQueuedBackup(history.pool, id, fail('QUEUE_UNAVAILABLE'))).to.equal(false);
    expect((await readBackup(history.pool, id)).status).to.equal('running');
    await letLeasePass(history.pool, run);
    expect(await failQueuedBackup(history.pool, id, fail('SOURCE_UNKNOWN'))).to.equal(true);
    expect((await readBackup(history.pool, id)).status).to.equal('failed');
  });

  it('knows what the next sidecar builds on: the highest sequence of the source, not the newest row', async () => {
    expect(await findSequenceHead(history.pool, 'main')).to.equal(null);
    const ids = [
      await queueBackup(history.pool),
      await queueBackup(history.pool),
      await queueBackup(history.pool),
    ];
    const results = [aResult(2), aResult(1)];
    for (const [at, result] of results.entries()) await writeResult(history.pool, ids[at] as string, result);
    await writeResult(history.pool, await queueBackup(history.pool, { source: 'lab' }), aResult(9));
    expect(await findSequenceHead(history.pool, 'main')).to.deep.equal({
      sequence: 2,
      hmac: results[0]?.hmac,
    });
  });

  it('knows the size of the newest finished backup, of which the file may be missing', async () => {
    expect(await findLastSize(history.pool, 'main', 'full')).to.equal(null);
    const id = await queueBackup(history.pool);
    await writeResult(history.pool, id, aResult());
    await history.pool.query(`UPDATE backups SET status = 'missing'`);
    await failQueuedBackup(history.pool, await queueBackup(history.pool), fail('DISK_FULL'));
    expect(await findLastSize(history.pool, 'main', 'full')).to.equal(5_000_000_000);
  });

  it('knows no backup of an unknown id', async () => {
    expect(await findBackup(history.pool, randomUUID())).to.equal(null);
  });
});

describe('the history of 20,000 backups', () => {
  let history: TestHistory;

  before(async () => {
    history = await openHistory();
    await history.pool.query(`
      INSERT INTO backups (id, source, type, requested_type, status, requested_via, created_at, error_code)
      SELECT gen_random_uuid(), (ARRAY['main', 'lab', 'x-ray', 'billing'])[1 + g % 4],
        CASE WHEN g % 5 = 0 THEN 'full' ELSE 'incremental' END, 'full',
        CASE WHEN g % 50 = 0 THEN 'failed' ELSE 'cancelled' END, 'schedule', now() - make_interval(mins => g), 'X'
      FROM generate_series(1, 20000) g`);
    await history.pool.query('VACUUM ANALYZE backups');
  });
  after(() => history?.close());

  /** The plan of the very statement that lists a page. */
  async function planOf(query: HistoryQuery): Promise<string> {
    const plans: string[] = [];
    const explaining = {
      query: async (text: string, values: unknown[]) => {
        const { rows } = await history.pool.query(`EXPLAIN ${text}`, values);
        plans.push(rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n'));
        return { rows: [] };
      },
    };
    await listBackups(explaining as unknown as Database, query);
    return plans[0] as string;
  }

  const indexes: [Partial<HistoryQuery>, string][] = [
    [{}, 'backups_newest'],
    [{ source: 'lab' }, 'backups_newest_of_source'],
    [{ status: 'failed' }, 'backups_newest_of_status'],
    [{ type: 'full' }, 'backups_newest_of_type'],
    [{ source: 'lab', type: 'full' }, 'backups_newest_of_source'],
  ];
  for (const [filter, index] of indexes) {
    it(`reads a page by ${JSON.stringify(filter)} from ${index}, and sorts the page alone`, async () => {
      const plan = await planOf(page(filter));
      expect(plan).to.match(new RegExp(`Index Only Scan using ${index} on backups`));
      expect(plan).to.not.contain('Seq Scan on backups');
      // Rows are read and sorted once the page's ids are known.
      expect(plan.indexOf('Sort')).to.be.below(plan.indexOf('Limit'));
      expect(plan.match(/Sort {2}\(/g) ?? []).to.have.length.at.most(1);
    });
  }
});
