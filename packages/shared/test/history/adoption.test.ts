import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { adoptBackup, type FoundBackup } from '../../src/history/adoption.js';
import { completeBackup } from '../../src/history/backup-outcomes.js';
import { listRetained } from '../../src/history/retained-backups.js';
import { openHistory, type TestHistory } from '../servers.js';
import { aResult, queueBackup, readBackup, start } from './rows.js';

const ACTOR = { id: null, name: 'worker', address: null };

/** An emergency backup that took a number while history was away. */
function emergency(sequence: number): FoundBackup {
  const result = { ...aResult(sequence), fileName: 'emergency_backup_20240101_020100.pgdump.enc.gz' };
  return { id: randomUUID(), source: 'main', type: 'emergency', baseId: null, result, present: true };
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
