import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@safekeep/shared/config/secret';
import { LocalStorage } from '@safekeep/shared/storage/local';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { openHistory, type TestHistory } from '../../../shared/test/servers.js';
import { deadRunsRound } from '../../src/reconcile/settle-dead-runs.js';
import { captureLog } from './capture-log.js';

describe('a round of the reconciler', () => {
  let history: TestHistory;
  before(async () => {
    history = await openHistory();
  });
  after(() => history?.close());

  it('settles the dead runs of a source although the folder of another cannot be used', async () => {
    const root = await scratchFolder('safekeep-rounds');
    symlinkSync(tmpdir(), join(root, 'lab'));
    mkdirSync(join(root, 'ward'));
    const partial = '.full_backup_20260101_020000.pgdump.enc.gz.partial';
    writeFileSync(join(root, 'ward', partial), 'half');
    await history.pool.query(
      `INSERT INTO runs (id, queue, subject_id, source, state, worker, ended_at, lease_until, swept)
       VALUES ($1, 'backup', $1, 'lab', 'lost', 'w', now(), now(), false)`,
      [randomUUID()],
    );
    const { logger, told } = captureLog();
    const sources = ['lab', 'ward'].map((name) => ({ name, url: new Secret('postgres://127.0.0.1:1/none') }));
    const round = deadRunsRound({
      pool: history.pool,
      logger,
      sources,
      storageOf: (source) => new LocalStorage(root, source),
      encryptionKey: new Secret('unused here'),
    });
    await round.run();
    expect(readdirSync(join(root, 'ward'))).to.deep.equal([]);
    const [left] = told('warn').filter(({ source }) => source === 'lab');
    expect(left).to.include({ round: 'dead runs' });
    expect(left?.error).to.include({ code: 'BACKUP_DIR_UNUSABLE' });
  });
});
