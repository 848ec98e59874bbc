import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Progress } from '../../src/contracts/backup.js';
import { fail, SafekeepError } from '../../src/errors.js';
import { type Claim, markSwept } from '../../src/history/backup-claims.js';
import { completeBackup, failBackup, requeueBackup, writeResult } from '../../src/history/backup-outcomes.js';
import { failQueuedBackup, findAbandonedBackups } from '../../src/history/backups.js';
import {
  closeRun,
  heartbeat,
  LEASE_SECONDS,
  MAXIMUM_ATTEMPTS,
  nameRunFile,
  type Run,
} from '../../src/history/runs.js';
import { openHistory, type TestHistory } from '../servers.js';
import { aResult, claim, letLeasePass, queueBackup, readBackup, start } from './rows.js';

const FILE = 'full_backup_20240101_020000.pgdump.enc.gz';
const PROGRESS: Progress = {
  phase: 'data',
  percent: 41.5,
  doneBytes: 415,
  totalBytes: 1000,
  writtenBytes: 100,
  bytesPerSecond: 83,
  secondsLeft: 7,
  table: 'public.visits',
};

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof SafekeepError ? error.code : String(error)),
  );

describe('runs of backups', () => {
  let history: TestHistory;

  beforeEach(async () => {
    history = await openHistory(25);
  });
  afterEach(() => history?.close());

  const runsOf = async (backupId: string) => {
    const { rows } = await history.pool.query<{ state: string; code: string | null; file: string | null }>(
      'SELECT state, error_code AS code, file_name AS file FROM runs WHERE subject_id = $1 ORDER BY token',
      [backupId],
    );
    return rows;
  };
  const states = async (backupId: string) => (await runsOf(backupId)).map((run) => run.state);

  describe('one writer per source', () => {
    it('starts one of 20 claims of one backup at once; the others are told to wait', async () => {
      const id = await queueBackup(history.pool);
      const claims = await Promise.all(Array.from({ length: 20 }, () => claim(history.pool, id)));
      expect(claims.filter((one) => one.kind === 'started')).to.have.length(1);
      expect(claims.filter((one) => one.kind === 'busy')).to.have.length(19);
      expect(await states(id)).to.deep.equal(['running']);
      expect(await readBackup(history.pool, id)).to.include({
        status: 'running',
        attempts: 1,
        endedAt: null,
      });
    });

    it('starts one of 20 different backups of a source that are claimed at once', async () => {
      const ids = await Promise.all(Array.from({ length: 20 }, () => queueBackup(history.pool)));
      const claims = await Promise.all(ids.map((id) => claim(history.pool, id)));
      expect(claims.filter((one) => one.kind === 'started')).to.have.length(1);
      const waiting = claims.filter((one) => one.kind === 'busy');
      expect(waiting).to.have.length(19);
      for (const one of waiting) expect(one.retryInSeconds).to.be.within(1, LEASE_SECONDS);
    });

    it('starts backups of different sources side by side', async () => {
      const sources = ['main', 'lab', 'x-ray', 'billing'];
      const claims = await Promise.all(
        sources.map(async (source) =>
          claim(history.pool, await queueBackup(history.pool, { source }), source),
        ),
      );
      expect(claims.map((one) => one.kind)).to.deep.equal(sources.map(() => 'started'));
    });

    it('is kept by the database itself, whatever the code does', async () => {
      await start(history.pool, await queueBackup(history.pool));
      const second = history.pool.query(
        `INSERT INTO runs (id, queue, subject_id, source, state, worker, lease_until)
         VALUES ($1, 'backup', $1, 'main', 'running', 'w', now())`,
        [randomUUID()],
      );
      expect(await second.catch((error: { code: string }) => error.code)).to.equal('23505');
    });

    it('gives every run a greater token than all before it', async () => {
      const tokens: number[] = [];
      for (let at = 0; at < 3; at += 1) {
        const id = await queueBackup(history.pool);
        const run = await start(history.pool, id);
        tokens.push(run.token);
        await failBackup(history.pool, run, id, fail('DISK_FULL'));
      }
      expect(tokens).to.deep.equal([...tokens].sort((left, right) => left - right));
      expect(new Set(tokens).size).to.equal(3);
    });
  });

  describe('a claim', () => {
    for (const [name, error] of [['failed', fail('DISK_FULL')]] as const) {
      it(`of a backup that has ${name} starts nothing`, async () => {
        const id = await queueBackup(history.pool);
        await failQueuedBackup(history.pool, id, error);
        expect(await claim(history.pool, id)).to.deep.equal({ kind: 'ended', status: 'failed' });
        expect(await states(id)).to.deep.equal([]);
      });
    }

    for (const status of ['completed', 'cancelled', 'missing']) {
      it(`of a backup that is ${status} starts nothing`, async () => {
        const id = await queueBackup(history.pool);
        await writeResult(history.pool, id, aResult());
        await history.pool.query('UPDATE backups SET status = $2 WHERE id = $1', [id, status]);
        expect(await claim(history.pool, id)).to.deep.equal({ kind: 'ended', status });
        expect(await states(id)).to.deep.equal([]);
      });
    }

    it('of a backup that history does not know starts nothing', async () => {
      expect(await claim(history.pool, randomUUID())).to.deep.equal({ kind: 'ended', status: 'unknown' });
    });

    it('hands over what lost runs of the source left, until it is swept', async () => {
      const [one, two] = [await queueBackup(history.pool), await queueBackup(history.pool)];
      const dead = await start(history.pool, one);
      await nameRunFile(history.pool, dead, FILE);
      await letLeasePass(history.pool, dead);
      const next = await claim(history.pool, two);
      expect(next).to.deep.include({
        kind: 'started',
        lost: [{ id: dead.id, backupId: one, fileName: FILE }],
      });
      expect(await readBackup(history.pool, one)).to.include({ status: 'queued', progress: null });

      // The successor dies before it has swept: both are handed on.
      const successor = (next as Extract<Claim, { kind: 'started' }>).run;
      await letLeasePass(history.pool, successor);
      const third = (await claim(history.pool, one)) as Extract<Claim, { kind: 'started' }>;
      expect(third.lost.map((run) => run.id)).to.deep.equal([dead.id, successor.id]);
      for (const run of third.lost) await markSwept(history.pool, run.id);
      await requeueBackup(history.pool, third.run, one, 'interrupted', fail('RUN_INTERRUPTED'));
      expect(await claim(history.pool, two)).to.deep.include({ kind: 'started', lost: [] });
    });

    it('never hands over what was lost of another source', async () => {
      const lab = await queueBackup(history.pool, { source: 'lab' });
      const dead = await start(history.pool, lab, 'lab');
      await letLeasePass(history.pool, dead);
      await history.pool.query(`UPDATE runs SET state = 'lost' WHERE id = $1`, [dead.id]);
      expect(await claim(history.pool, await queueBackup(history.pool))).to.deep.include({
        kind: 'started',
        lost: [],
      });
    });
  });

  describe('the lease', () => {
    it('holds as long as heartbeats come, and each stores the progress', async () => {
      const id = await queueBackup(history.pool);
      const run = await start(history.pool, id);
      await letLeasePass(history.pool, run);
      await heartbeat(history.pool, run, PROGRESS);
      expect((await claim(history.pool, id)).kind).to.equal('busy');
      expect((await readBackup(history.pool, id)).progress).to.deep.equal(PROGRESS);
    });

    it('that has passed gives the backup to the next run, and fences the one before it', async () => {
      const id = await queueBackup(history.pool);
      const zombie = await start(history.pool, id);
      await heartbeat(history.pool, zombie, PROGRESS);
      await letLeasePass(history.pool, zombie);
      const run = await start(history.pool, id);
      expect(await states(id)).to.deep.equal(['lost', 'running']);
      expect(await readBackup(history.pool, id)).to.include({
        status: 'running',
        attempts: 2,
        progress: null,
      });

      const before = await everything();
      const error = fail('DISK_FULL');
      const writes: Record<string, Promise<unknown>> = {
        heartbeat: heartbeat(history.pool, zombie, PROGRESS),
        name: nameRunFile(history.pool, zombie, FILE),
        complete: completeBackup(history.pool, zombie, id, aResult()),
        fail: failBackup(history.pool, zombie, id, error),
        requeue: requeueBackup(history.pool, zombie, id, 'failed', error),
        interrupt: requeueBackup(history.pool, zombie, id, 'interrupted', error),
        close: closeRun(history.pool, zombie, 'completed'),
        'complete with a stolen id': completeBackup(
          history.pool,
          { ...run, token: zombie.token },
          id,
          aResult(),
        ),
      };
      for (const [name, write] of Object.entries(writes))
        expect(await codeOf(write), name).to.equal('RUN_FENCED');
      expect(await everything()).to.deep.equal(before);

      await completeBackup(history.pool, run, id, aResult());
      expect((await readBackup(history.pool, id)).status).to.equal('completed');
    });

    const everything = async () => [
      (await history.pool.query('SELECT * FROM backups ORDER BY id')).rows,
      (await history.pool.query('SELECT * FROM runs ORDER BY token')).rows,
    ];
  });

  describe('the end of a run', () => {
    let id: string;
    let run: Run;

    beforeEach(async () => {
      id = await queueBackup(history.pool);
      run = await start(history.pool, id);
      await heartbeat(history.pool, run, PROGRESS);
    });

    it('completes the backup with all that is known of it', async () => {
      const result = { ...aResult(7), changed: { tables: 2, rows: 31 } };
      await completeBackup(history.pool, run, id, result);
      const { hmac, largestTables, changed, ...shown } = result;
      expect(await readBackup(history.pool, id)).to.deep.include({
        ...shown,
        changedTables: changed.tables,
        changedRows: changed.rows,
        status: 'completed',
        error: null,
        progress: null,
      });
      expect(await runsOf(id)).to.deep.equal([{ state: 'completed', code: null, file: null }]);
    });

    it('completes it after earlier attempts failed, and takes their error back', async () => {
      await requeueBackup(
        history.pool,
        run,
        id,
        'failed',
        fail('SOURCE_UNREACHABLE', { source: 'main', sqlstate: '08001' }),
      );
      const waiting = await readBackup(history.pool, id);
      expect(waiting).to.include({ status: 'queued', attempts: 1 });
      expect(waiting.error?.code).to.equal('SOURCE_UNREACHABLE');
      await completeBackup(history.pool, await start(history.pool, id), id, aResult());
      expect(await readBackup(history.pool, id)).to.include({
        status: 'completed',
        error: null,
        attempts: 2,
      });
      expect((await runsOf(id))[0]).to.include({ state: 'failed', code: 'SOURCE_UNREACHABLE' });
    });

    it('can be repeated when the first answer was lost: completed stays completed, once', async () => {
      const result = aResult();
      await completeBackup(history.pool, run, id, result);
      const first = await readBackup(history.pool, id);
      await completeBackup(history.pool, run, id, result);
      expect(await readBackup(history.pool, id)).to.deep.equal(first);
    });

    it('can be repeated when the first answer was lost: failed stays failed with its time', async () => {
      await failBackup(history.pool, run, id, fail('DISK_FULL'));
      const first = await readBackup(history.pool, id);
      expect(first).to.include({ status: 'failed' });
      expect(first.error).to.include({ code: 'DISK_FULL' });
      expect(first.endedAt).to.be.instanceOf(Date);
      await failBackup(history.pool, run, id, fail('DISK_FULL'));
      expect(await readBackup(history.pool, id)).to.deep.equal(first);
    });

    it('can be repeated when the first answer was lost: a requeue does not touch the run that came after it', async () => {
      const error = fail('RUN_INTERRUPTED');
      await requeueBackup(history.pool, run, id, 'interrupted', error);
      const next = await start(history.pool, id);
      await heartbeat(history.pool, next, PROGRESS);
      await requeueBackup(history.pool, run, id, 'interrupted', error);
      expect(await readBackup(history.pool, id)).to.deep.include({
        status: 'running',
        attempts: 2,
        progress: PROGRESS,
      });
      await completeBackup(history.pool, next, id, aResult());
    });

    it('is one end: a run that completed cannot fail, and one that failed cannot complete', async () => {
      await completeBackup(history.pool, run, id, aResult());
      expect(await codeOf(failBackup(history.pool, run, id, fail('DISK_FULL')))).to.equal('RUN_FENCED');
      const other = await queueBackup(history.pool);
      const second = await start(history.pool, other);
      await failBackup(history.pool, second, other, fail('DISK_FULL'));
      expect(await codeOf(completeBackup(history.pool, second, other, aResult(2)))).to.equal('RUN_FENCED');
      expect((await readBackup(history.pool, id)).status).to.equal('completed');
      expect((await readBackup(history.pool, other)).status).to.equal('failed');
    });

    for (const status of ['failed', 'cancelled']) {
      it(`does not complete a backup that was ${status} meanwhile, and does not pretend to have done so`, async () => {
        await history.pool.query(`UPDATE backups SET status = $2, error_code = 'X' WHERE id = $1`, [
          id,
          status,
        ]);
        expect(await codeOf(completeBackup(history.pool, run, id, aResult()))).to.equal('RUN_FENCED');
        expect((await readBackup(history.pool, id)).status).to.equal(status);
        expect(await states(id), 'the end was rolled back as a whole').to.deep.equal(['running']);
      });
    }

    it('that breaks a rule of the database changes nothing', async () => {
      const nameless = completeBackup(history.pool, run, id, { ...aResult(), fileName: null as never });
      expect(await nameless.catch((error: { code: string }) => error.code)).to.equal('23514');
      expect(await states(id)).to.deep.equal(['running']);
      expect((await readBackup(history.pool, id)).status).to.equal('running');
    });

    it('frees the source at once', async () => {
      const next = await queueBackup(history.pool);
      expect((await claim(history.pool, next)).kind).to.equal('busy');
      await failBackup(history.pool, run, id, fail('DISK_FULL'));
      expect((await claim(history.pool, next)).kind).to.equal('started');
    });
  });

  describe('attempts', () => {
    it('are counted when they failed or died, so that the run after too many can end the backup', async () => {
      const id = await queueBackup(history.pool);
      for (let attempt = 1; attempt <= MAXIMUM_ATTEMPTS; attempt += 1) {
        const run = await start(history.pool, id);
        expect((await readBackup(history.pool, id)).attempts).to.equal(attempt);
        await letLeasePass(history.pool, run);
      }
      const last = (await claim(history.pool, id)) as Extract<Claim, { kind: 'started' }>;
      expect(last).to.include({ kind: 'started', earlierAttempts: MAXIMUM_ATTEMPTS });
      expect(last.lost).to.have.length(MAXIMUM_ATTEMPTS);
      await failBackup(history.pool, last.run, id, fail('TOO_MANY_ATTEMPTS', { attempts: MAXIMUM_ATTEMPTS }));
      expect(await claim(history.pool, id)).to.deep.equal({ kind: 'ended', status: 'failed' });
      expect(await states(id)).to.deep.equal([...Array(MAXIMUM_ATTEMPTS).fill('lost'), 'failed']);
      expect((await claim(history.pool, await queueBackup(history.pool))).kind).to.equal('started');
    });
  });

  it('attempts that an orderly stop of the worker ended do not count: a backup survives many deployments', async () => {
    const id = await queueBackup(history.pool);
    for (let stop = 0; stop < 2 * MAXIMUM_ATTEMPTS; stop += 1) {
      const run = await start(history.pool, id);
      await requeueBackup(history.pool, run, id, 'interrupted', fail('RUN_INTERRUPTED'));
    }
    expect((await claim(history.pool, id)).kind).to.equal('started');
  });

  describe('backups that nobody works on', () => {
    const abandoned = async () => (await findAbandonedBackups(history.pool)).map((row) => row.id);
    const grow = (id: string, seconds: number) =>
      history.pool.query(`UPDATE backups SET created_at = now() - make_interval(secs => $2) WHERE id = $1`, [
        id,
        seconds,
      ]);

    it('are those that wait for long without a run, and not the very young, whose job may be on its way', async () => {
      const id = await queueBackup(history.pool);
      await grow(id, 25);
      expect(await abandoned()).to.deep.equal([]);
      await grow(id, 35);
      expect(await abandoned()).to.deep.equal([id]);
    });

    it('are those whose run is silent for longer than its lease, and not those that run or have ended', async () => {
      const id = await queueBackup(history.pool);
      await grow(id, 3_600);
      const run = await start(history.pool, id);
      expect(await abandoned()).to.deep.equal([]);
      await letLeasePass(history.pool, run);
      expect(await abandoned()).to.deep.equal([id]);
      const next = await start(history.pool, id);
      expect(await abandoned()).to.deep.equal([]);
      await completeBackup(history.pool, next, id, aResult());
      expect(await abandoned()).to.deep.equal([]);
    });

    it('never are those that were refused because the queue could not be reached', async () => {
      const id = await queueBackup(history.pool);
      await grow(id, 3_600);
      await failQueuedBackup(history.pool, id, fail('QUEUE_UNAVAILABLE'));
      expect(await abandoned()).to.deep.equal([]);
    });
  });

  describe('adoption from the sidecar', () => {
    it('completes a backup whose run died after it had published', async () => {
      const id = await queueBackup(history.pool);
      const dead = await start(history.pool, id);
      await letLeasePass(history.pool, dead);
      const run = await start(history.pool, id);
      const result = aResult();
      expect(await writeResult(history.pool, id, result)).to.equal(true);
      await closeRun(history.pool, run, 'completed');
      await closeRun(history.pool, run, 'completed');
      expect(await readBackup(history.pool, id)).to.include({
        status: 'completed',
        checksum: result.checksum,
      });
      expect(await states(id)).to.deep.equal(['lost', 'completed']);
    });

    it('can be repeated, and says so when the backup had ended otherwise', async () => {
      const id = await queueBackup(history.pool);
      const result = aResult();
      expect(await writeResult(history.pool, id, result)).to.equal(true);
      expect(await writeResult(history.pool, id, result)).to.equal(true);
      expect(await writeResult(history.pool, id, aResult(2)), 'another file').to.equal(false);
      expect((await readBackup(history.pool, id)).checksum).to.equal(result.checksum);
      const failed = await queueBackup(history.pool);
      await failQueuedBackup(history.pool, failed, fail('QUEUE_UNAVAILABLE'));
      expect(await writeResult(history.pool, failed, aResult(3))).to.equal(false);
      expect((await readBackup(history.pool, failed)).status).to.equal('failed');
      expect(await writeResult(history.pool, randomUUID(), aResult(4))).to.equal(false);
    });
  });
});
