import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { adoptBackup, type FoundBackup, listFileNames } from '../../src/history/adoption.js';
import { completeBackup } from '../../src/history/backup-outcomes.js';
import { markPresence } from '../../src/history/backups.js';
import { readSourceProofs } from '../../src/history/health.js';
import { findBackupToProve } from '../../src/history/recovery-tests.js';
import { findNewestRestorable } from '../../src/history/restores.js';
import { listRetained } from '../../src/history/retained-backups.js';
import { openHistory, type TestHistory } from '../servers.js';
import { addCheck } from './retained.js';
import { aResult, queueBackup, readBackup, start } from './rows.js';

const ACTOR = { id: null, name: 'worker', address: null };

/** An emergency backup that took a number while history was away. */
function emergency(sequence: number): FoundBackup {
  const result = { ...aResult(sequence), fileName: 'emergency_backup_20240101_020100.pgdump.enc.gz' };
  return { id: randomUUID(), source: 'main', type: 'emergency', base: null, result, present: true };
}

describe('a backup that history takes in from its sidecar', () => {
  it('says so to retention, which lets people set its hold again', async () => {
    const history = await openHistory();
    try {
      await adoptBackup(history.pool, emergency(1), ACTOR);
      const [retained] = await listRetained(history.pool, 'main');
      expect(Date.now() - (retained?.adoptedAt?.getTime() ?? 0)).to.be.below(60_000);
    } finally {
      await history.close();
    }
  });
});

describe('an incremental that history takes in', () => {
  let history: TestHistory;
  before(async () => {
    history = await openHistory();
  });
  after(() => history?.close());

  const base = () => ({
    id: randomUUID() as string,
    type: 'full' as const,
    fileName: 'full_backup_20240101_020000.pgdump.enc.gz',
    startedAt: new Date('2024-01-01T02:00:00Z'),
    hmac: 'b'.repeat(64),
  });
  const incremental = (on: ReturnType<typeof base>, sequence: number): FoundBackup => ({
    ...emergency(sequence),
    type: 'incremental',
    base: on,
  });

  it('without its base is there, names it, and is not what a restore or a recovery test would take', async () => {
    const on = base();
    const found = incremental(on, 2);
    expect(await adoptBackup(history.pool, found, ACTOR)).to.equal('adopted-without-base');
    expect(await adoptBackup(history.pool, found, ACTOR)).to.equal('known');
    expect(await readBackup(history.pool, found.id)).to.include({ status: 'completed', baseId: on.id });
    expect(await readBackup(history.pool, on.id)).to.include({
      status: 'missing',
      type: 'full',
      fileName: on.fileName,
      checksum: null,
    });
    expect(await findNewestRestorable(history.pool, 'main')).to.equal(null);
    expect(await findBackupToProve(history.pool, 'main')).to.equal(null);
    expect((await readSourceProofs(history.pool, ['main']))[0]).to.include({ newestDataAt: null });
    expect([...(await listFileNames(history.pool, 'main'))]).not.to.include(on.fileName);

    // A look at its file alone does not make it a backup: its sidecar was not seen.
    expect(await markPresence(history.pool, on.id, true)).to.equal(false);

    const whole = { ...emergency(1), ...on, base: null, result: { ...aResult(1), fileName: on.fileName } };
    expect(await adoptBackup(history.pool, whole, ACTOR)).to.equal('adopted');
    expect(await readBackup(history.pool, on.id)).to.include({ status: 'completed', sequence: 1 });
    expect(await findNewestRestorable(history.pool, 'main')).not.to.equal(null);
    expect(await adoptBackup(history.pool, whole, ACTOR)).to.equal('known');
    expect(await adoptBackup(history.pool, incremental(on, 3), ACTOR)).to.equal('adopted');
  });

  it('is what a recovery test takes once it is verified and its base too', async () => {
    await history.pool.query('TRUNCATE backups CASCADE');
    const full = emergency(1);
    await adoptBackup(history.pool, full, ACTOR);
    const tip = incremental({ ...base(), id: full.id }, 2);
    tip.result.startedAt.setMinutes(tip.result.startedAt.getMinutes() + 1);
    await adoptBackup(history.pool, tip, ACTOR);
    const take = async () => findBackupToProve(history.pool, 'main');
    expect(await take()).to.deep.equal({ id: tip.id, verified: false });
    await addCheck(history.pool, 'verifications', tip.id, 'passed');
    expect((await take())?.verified).to.equal(false);
    await addCheck(history.pool, 'verifications', full.id, 'passed');
    expect(await take()).to.deep.equal({ id: tip.id, verified: true });
  });
});

describe('an emergency backup that took the number of a running one', () => {
  let history: TestHistory;
  beforeEach(async () => {
    history = await openHistory();
  });
  afterEach(() => history?.close());

  it('and is taken in first does not make that one fail, which is there and whole', async () => {
    const id = await queueBackup(history.pool);
    const run = await start(history.pool, id);
    const found = emergency(1);
    expect(await adoptBackup(history.pool, found, ACTOR)).to.equal('adopted');
    await completeBackup(history.pool, run, id, aResult(1));
    expect(await readBackup(history.pool, id)).to.include({ status: 'completed', sequence: null });
    expect((await readBackup(history.pool, found.id)).sequence).to.equal(1);
  });

  it('and is taken in at the very moment in which that one ends leaves both completed', async () => {
    for (let sequence = 1; sequence <= 8; sequence += 1) {
      const id = await queueBackup(history.pool);
      const run = await start(history.pool, id);
      const found = emergency(sequence);
      await Promise.all([
        completeBackup(history.pool, run, id, aResult(sequence)),
        adoptBackup(history.pool, found, ACTOR),
      ]);
      const both = [await readBackup(history.pool, id), await readBackup(history.pool, found.id)];
      expect(both.map((backup) => backup.status)).to.deep.equal(['completed', 'completed']);
      expect(both.map((backup) => backup.sequence)).to.have.members([sequence, null]);
    }
  });
});
