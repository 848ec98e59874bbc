import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { promoteBackup } from '../../src/history/backup-outcomes.js';
import { holdBase, listBaseCandidates } from '../../src/history/bases.js';
import { disposeBackup } from '../../src/history/disposals.js';
import type { Run } from '../../src/history/runs.js';
import { decideRetention } from '../../src/policy/retention.js';
import { openHistory, type TestHistory } from '../servers.js';
import { addStored, type StoredRow, startCleanup } from './retained.js';
import { letLeasePass, queueBackup, readBackup, start } from './rows.js';

const POLICY = { fullDays: 90, incrementalDays: 30, keepMinimum: 1, sources: ['main'] };
const ACTOR = { id: null, name: 'worker', address: null };

describe('the base of an incremental in history', () => {
  let history: TestHistory;
  let incremental: string;
  let run: Run;
  let base: StoredRow;

  before(async () => {
    history = await openHistory();
  });
  after(() => history?.close());
  beforeEach(async () => {
    await history.pool.query('TRUNCATE backups, disposals, cleanup_runs, runs CASCADE');
    base = await addStored(history.pool, 100);
    incremental = await queueBackup(history.pool, { type: 'incremental' });
    run = await start(history.pool, incremental);
  });

  const candidates = async () => (await listBaseCandidates(history.pool, 'main')).map(({ id }) => id);
  const hold = () => holdBase(history.pool, run, incremental, base.id);

  async function dispose(): Promise<string | null> {
    const cleanup = await startCleanup(history.pool);
    return disposeBackup(history.pool, {
      run: cleanup.run,
      cleanupRunId: cleanup.id,
      backup: { id: base.id, source: 'main' },
      actor: ACTOR,
      decide: (backups, now) => decideRetention(backups, POLICY, now),
    });
  }

  it('is a finished full or emergency backup of the source, the newest first, whatever its number', async () => {
    const emergency = await addStored(history.pool, 50, { type: 'emergency' });
    const newest = await addStored(history.pool, 1);
    await history.pool.query('UPDATE backups SET sequence = 2 WHERE id = $1', [newest.id]);
    await addStored(history.pool, 0, { type: 'incremental', baseId: newest.id });
    await addStored(history.pool, 0, { status: 'missing' });
    await addStored(history.pool, 0, { source: 'lab' });
    expect(await candidates()).to.deep.equal([newest.id, emergency.id, base.id]);
  });

  it('is none that the newest check found wrong; a check that could not look says nothing', async () => {
    const check = (table: string, status: string) =>
      history.pool.query(
        `INSERT INTO ${table} (id, backup_id, status, requested_via, ended_at, error_code)
         VALUES (gen_random_uuid(), $1, $2::text, 'cli', clock_timestamp(), CASE $2::text WHEN 'error' THEN 'JOB_FAILED' END)`,
        [base.id, status],
      );
    const failed = async () => (await listBaseCandidates(history.pool, 'main'))[0]?.failed;
    expect(await failed()).to.equal(null);
    await check('recovery_tests', 'failed');
    expect(await failed()).to.equal('recovery test');
    await check('recovery_tests', 'passed');
    await check('recovery_tests', 'error');
    expect(await failed()).to.equal(null);
  });

  it('is held by the backup that builds on it, so retention keeps it', async () => {
    await addStored(history.pool, 0);
    expect(await hold()).to.equal(true);
    expect(await readBackup(history.pool, incremental)).to.include({ type: 'incremental', baseId: base.id });
    expect(await dispose()).to.equal('an incremental backup needs it now');
  });

  it('is let go by a promotion; an attempt that builds on it again is an incremental again', async () => {
    await addStored(history.pool, 0);
    await hold();
    await promoteBackup(history.pool, run, incremental, 'The schema changed.');
    const promoted = { type: 'full', baseId: null, promotedReason: 'The schema changed.' };
    expect(await readBackup(history.pool, incremental)).to.include(promoted);
    expect(await hold()).to.equal(true);
    const again = { type: 'incremental', baseId: base.id, promotedReason: null };
    expect(await readBackup(history.pool, incremental)).to.include(again);
    await promoteBackup(history.pool, run, incremental, 'The schema changed.');
    expect(await dispose()).to.equal(null);
    expect(await hold()).to.equal(false);
  });

  it('is not held by a run that lost its place', async () => {
    await letLeasePass(history.pool, run);
    const other = await queueBackup(history.pool);
    await start(history.pool, other);
    expect(await hold()).to.equal(false);
    expect((await readBackup(history.pool, incremental)).baseId).to.equal(null);
  });

  it('is never both held and removed, whoever comes first', async () => {
    await addStored(history.pool, 0);
    const blocking = await history.pool.connect();
    await blocking.query('BEGIN');
    await blocking.query('SELECT FROM backups WHERE id = $1 FOR UPDATE', [base.id]);
    const disposing = dispose();
    const holding = hold();
    await bothBlocked();
    await blocking.query('COMMIT');
    blocking.release();
    const [disposed, held] = await Promise.all([disposing, holding]);
    expect(disposed).to.equal(held ? 'an incremental backup needs it now' : null);
  });

  async function bothBlocked(): Promise<void> {
    for (;;) {
      const { rowCount } = await history.pool.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      if (rowCount === 2) return;
      await delay(10);
    }
  }
});
