import { Secret } from '@safekeep/shared/config/secret';
import { createLogger } from '@safekeep/shared/logger';
import { jobOf } from '@safekeep/shared/queues/accept-job';
import { LocalStorage } from '@safekeep/shared/storage/local';
import type { Job, Processor } from 'bullmq';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { addCheck, addStored } from '../../../shared/test/history/retained.js';
import { openHistory, type TestHistory } from '../../../shared/test/servers.js';
import { createRecoveryTestProcessor } from '../../src/jobs/recovery-test-processor.js';
import { createRestoreProcessor } from '../../src/jobs/restore-processor.js';
import { createVerifyProcessor } from '../../src/jobs/verify-processor.js';

const logger = createLogger({ service: 'worker', level: 'error' });
logger.silent = true;

describe('a job about a backup', () => {
  let history: TestHistory;
  let processors: Record<'verifications' | 'recovery_tests' | 'restores', Processor>;

  before(async () => {
    history = await openHistory();
    const root = await scratchFolder('safekeep-disposed');
    const server = new Secret('postgres://nobody@127.0.0.1:1/none');
    const deps = {
      pool: history.pool,
      logger,
      encryptionKey: new Secret('k'.repeat(40)),
      storageOf: (source: string) => new LocalStorage(root, source),
      programDirectories: [],
      environment: {},
      targets: { rtoTargetSeconds: 1, rpoTargetSeconds: 1 },
      criticalTables: [],
      scratchServerOf: () => server,
      sources: [],
      restoreUrl: server,
      historyUrl: server,
    };
    processors = {
      verifications: createVerifyProcessor(deps),
      recovery_tests: createRecoveryTestProcessor(deps),
      restores: createRestoreProcessor(deps),
    };
  });
  after(() => history?.close());

  for (const table of ['verifications', 'recovery_tests', 'restores'] as const) {
    it(`that a cleanup disposed of meanwhile ends without a verdict on it (${table})`, async () => {
      const backup = await addStored(history.pool, 100, { status: 'missing' });
      await history.pool.query('UPDATE backups SET disposed_at = now() WHERE id = $1', [backup.id]);
      const id = await addCheck(history.pool, table, backup.id, 'queued');
      expect(await outcomeOf(table, id)).to.match(/^BACKUP_DISPOSED: /);
      await expectTogether(table, id, backup.id);
      const { rows } = await history.pool.query(
        `SELECT error_code AS code, status FROM ${table} WHERE id = $1`,
        [id],
      );
      expect(rows[0]).to.deep.equal({
        code: 'BACKUP_DISPOSED',
        status: table === 'restores' ? 'failed' : 'error',
      });
    });
  }

  it('that came to its end leaves its audit event in the transaction that ended it', async () => {
    const backup = await addStored(history.pool, 1);
    const id = await addCheck(history.pool, 'verifications', backup.id, 'queued');
    expect(await outcomeOf('verifications', id)).to.equal('done');
    await expectTogether('verifications', id, backup.id);
  });

  async function outcomeOf(table: keyof typeof processors, id: string): Promise<string> {
    const [, name, , data] = jobOf(table, id);
    const job = { name, data, log: async () => 0, updateProgress: async () => {}, opts: {} };
    return processors[table](job as unknown as Job, 'token', undefined).then(
      () => 'done',
      (error: Error) => error.message,
    );
  }

  /** The same transaction wrote both, so that a worker that is killed leaves both or neither. */
  async function expectTogether(table: string, id: string, backupId: string): Promise<void> {
    const { rows } = await history.pool.query(
      `SELECT t.xmin = a.xmin AS together FROM ${table} t, audit_events a WHERE t.id = $1 AND a.target = $2`,
      [id, backupId],
    );
    expect(rows).to.deep.equal([{ together: true }]);
  }
});
