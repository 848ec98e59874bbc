import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fail } from '../../src/errors.js';
import { markPresence } from '../../src/history/backups.js';
import {
  disposeBackup,
  listDisposed,
  listUnfinishedDisposals,
  markFilesRemoved,
} from '../../src/history/disposals.js';
import { setHold } from '../../src/history/legal-holds.js';
import { listRetained } from '../../src/history/retained-backups.js';
import type { Run } from '../../src/history/runs.js';
import { decideRetention, type RetainedBackup } from '../../src/policy/retention.js';
import { openHistory, type TestHistory } from '../servers.js';
import { addCheck, addStored, type StoredRow, startCleanup } from './retained.js';
import { letLeasePass, queueBackup, readBackup } from './rows.js';

const POLICY = { fullDays: 90, incrementalDays: 30, keepMinimum: 1, sources: ['main'] };
const ACTOR = { id: null, name: 'worker', address: null };

describe('disposing of a backup', () => {
  let history: TestHistory;
  let cleanup: { id: string; run: Run };
  let old: StoredRow;
  before(async () => {
    history = await openHistory();
  });
  after(() => history?.close());
  beforeEach(async () => {
    await history.pool.query('TRUNCATE backups, disposals, cleanup_runs, runs CASCADE');
    cleanup = await startCleanup(history.pool);
    old = await addStored(history.pool, 100);
    await addStored(history.pool, 0);
  });

  const dispose = (row = old, run = cleanup.run) =>
    disposeBackup(history.pool, {
      run,
      cleanupRunId: cleanup.id,
      backup: { id: row.id, source: 'main' },
      actor: ACTOR,
      decide: (backups: readonly RetainedBackup[], now: Date) => decideRetention(backups, POLICY, now),
    });

  it('leaves the row as missing with time and reason, its evidence, an audit event, and files to remove', async () => {
    expect(await dispose()).to.equal(null);
    const backup = await readBackup(history.pool, old.id);
    expect(backup).to.include({ status: 'missing', fileName: old.fileName });
    expect(backup.disposedReason).to.equal('100 days old, more than the 90 days that full backups are kept');
    expect(backup.disposedAt).to.be.instanceOf(Date);
    const { rows } = await history.pool.query('SELECT * FROM disposals');
    expect(rows[0]).to.include({ backup_id: old.id, checksum: 'sum', hmac: old.hmac, key_id: 'key' });
    const events = await history.pool.query(
      `SELECT target, detail FROM audit_events WHERE action = 'backup.disposed' ORDER BY seq DESC LIMIT 1`,
    );
    expect(events.rows[0]).to.deep.include({ target: old.id });
    expect(events.rows[0].detail).to.include({ cleanupRunId: cleanup.id, fileName: old.fileName });
    const unfinished = await listUnfinishedDisposals(history.pool, 'main');
    expect(unfinished.map(({ backupId }) => backupId)).to.deep.equal([old.id]);
    await markFilesRemoved(history.pool, old.id);
    expect(await listUnfinishedDisposals(history.pool, 'main')).to.deep.equal([]);
    expect((await listDisposed(history.pool, cleanup.id)).map(({ outcome }) => outcome)).to.deep.equal([
      'removed',
    ]);
  });

  it('is for good: a file that is there again does not bring the backup back', async () => {
    await dispose();
    expect(await markPresence(history.pool, old.id, true)).to.equal(false);
    expect((await readBackup(history.pool, old.id)).status).to.equal('missing');
  });

  it('happens once, however often it is asked for', async () => {
    const answers = await Promise.all([dispose(), dispose(), dispose()]);
    expect(answers).to.have.members(['another cleanup removes it', 'another cleanup removes it', null]);
  });

  for (const table of ['verifications', 'recovery_tests', 'restores'] as const) {
    for (const status of ['queued', 'running'] as const) {
      it(`is refused while one of its ${table} is ${status}`, async () => {
        await addCheck(history.pool, table, old.id, status);
        expect(await dispose()).to.match(/^a (verification|recovery test|restore) needs it now$/);
        expect((await readBackup(history.pool, old.id)).status).to.equal('completed');
      });
    }
  }

  it('waits for a job that is being asked for at the same moment, and then leaves it its backup', async () => {
    const asking = await history.pool.connect();
    await asking.query('BEGIN');
    await addCheck(asking, 'verifications', old.id, 'queued');
    const disposing = dispose();
    await blocked();
    await asking.query('COMMIT');
    asking.release();
    expect(await disposing).to.equal('a verification needs it now');
  });

  it('lets no hold come between: the hold waits, and is then refused', async () => {
    const { pool } = history;
    const blocking = await pool.connect();
    await blocking.query('BEGIN');
    await blocking.query('SELECT FROM backups WHERE id = $1 FOR UPDATE', [old.id]);
    const disposing = dispose();
    await blocked();
    const holding = setHold(pool, { backupId: old.id, hold: true, reason: 'late', actor: ACTOR }).catch(
      (error: unknown) => error,
    );
    await blocking.query('COMMIT');
    blocking.release();
    const [disposed, held] = await Promise.all([disposing, holding]);
    // Whoever came first has won; never both.
    if (disposed === null) expect(held).to.include({ code: 'BACKUP_DISPOSED' });
    else expect(disposed).to.equal('legal hold: late');
  });

  /** Waits until somebody waits for a lock. */
  async function blocked(): Promise<void> {
    for (;;) {
      const { rows } = await history.pool.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      if (rows.length > 0) return;
      await delay(10);
    }
  }

  it('is refused for a base whose incremental is not disposed of', async () => {
    const incremental = await addStored(history.pool, 5, { type: 'incremental', baseId: old.id });
    expect(await dispose()).to.equal(`base of ${incremental.fileName}, which is kept`);
  });

  it('is refused for a base on which an incremental is being taken, or waits to be', async () => {
    const building = await queueBackup(history.pool, { type: 'incremental' });
    const taking = await history.pool.connect();
    await taking.query('BEGIN');
    await taking.query('UPDATE backups SET base_id = $2 WHERE id = $1', [building, old.id]);
    const disposing = dispose();
    await blocked();
    await taking.query('COMMIT');
    taking.release();
    expect(await disposing).to.equal('an incremental backup needs it now');
    await history.pool.query(`UPDATE backups SET status = 'failed', error_code = 'X' WHERE id = $1`, [
      building,
    ]);
    expect(await dispose()).to.equal(null);
  });

  it('is refused to a run that lost its place', async () => {
    await letLeasePass(history.pool, cleanup.run);
    await history.pool.query(`UPDATE runs SET state = 'lost' WHERE id = $1`, [cleanup.run.id]);
    const error = await dispose().catch((reason: unknown) => reason);
    expect(error).to.include({ code: 'RUN_FENCED' });
    expect((await readBackup(history.pool, old.id)).status).to.equal('completed');
  });

  it('leaves backups that never had a file out: their rows are history', async () => {
    const failed = await addStored(history.pool, 200, { status: 'queued' });
    await history.pool.query(`UPDATE backups SET status = 'failed', error_code = $2 WHERE id = $1`, [
      failed.id,
      fail('DISK_FULL').code,
    ]);
    expect((await listRetained(history.pool, 'main')).map(({ id }) => id)).to.not.include(failed.id);
    expect(await dispose(failed)).to.equal('it is not among the finished backups any more');
  });

  describe('legal holds', () => {
    const hold = (backupId: string, on: boolean) =>
      setHold(history.pool, { backupId, hold: on, reason: 'case 12', actor: ACTOR });

    it('keep it, and no longer once they are taken away', async () => {
      expect(await hold(old.id, true)).to.include({ legalHold: true, legalHoldReason: 'case 12' });
      expect(await dispose()).to.equal('legal hold: case 12');
      expect(await hold(old.id, false)).to.include({ legalHold: false, legalHoldReason: null });
      expect(await dispose()).to.equal(null);
    });

    it('leave an event with reason and state before, also when they are refused', async () => {
      await hold(old.id, true);
      await dispose();
      await history.pool.query(`UPDATE backups SET legal_hold = false WHERE id = $1`, [old.id]);
      await dispose();
      expect(await hold(old.id, true).catch((error: unknown) => error)).to.include({
        code: 'BACKUP_DISPOSED',
      });
      const unknown = randomUUID();
      expect(await hold(unknown, true).catch((error: unknown) => error)).to.include({
        code: 'BACKUP_UNKNOWN',
      });
      const { rows } = await history.pool.query(
        `SELECT target, result, detail->>'reason' AS reason FROM audit_events WHERE action = 'hold.set' ORDER BY seq DESC LIMIT 3`,
      );
      expect(rows).to.deep.equal([
        { target: unknown, result: 'refused', reason: 'case 12' },
        { target: old.id, result: 'refused', reason: 'case 12' },
        { target: old.id, result: 'ok', reason: 'case 12' },
      ]);
    });
  });
});
