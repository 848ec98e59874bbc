import { randomUUID } from 'node:crypto';
import type { Job } from 'bullmq';
import { expect } from 'chai';
import { appendAudit } from '../../src/audit/audit.js';
import { claimRow } from '../../src/history/job-rows.js';
import { MAXIMUM_ATTEMPTS, type Run } from '../../src/history/runs.js';
import { findVerification, insertVerification } from '../../src/history/verifications.js';
import { createRowProcessor } from '../../src/jobs/row-processor.js';
import { createLogger } from '../../src/logger.js';
import { openHistory, type TestHistory } from '../servers.js';
import { letLeasePass, queueBackup } from './rows.js';

const EVENT = {
  actor: { id: null, name: 'worker', address: null },
  action: 'verification.error',
  result: 'failed',
} as const;

describe('the processor of a job table', () => {
  let history: TestHistory;
  before(async () => {
    history = await openHistory();
  });
  after(() => history.close());

  it('tells of a job that killed its workers too often as of any other that was given up', async () => {
    const id = randomUUID();
    const backupId = await queueBackup(history.pool);
    const asked = { requestedVia: 'cli', requestedBy: null, note: null } as const;
    await insertVerification(history.pool, { id, backupId, ...asked });
    for (let attempt = 0; attempt < MAXIMUM_ATTEMPTS; attempt += 1) {
      const claim = await claimRow(history.pool, 'verifications', id, 'test');
      await letLeasePass(history.pool, (claim as { run: Run }).run);
    }
    let deaths = 0;
    const logger = createLogger({ service: 'worker', level: 'error' });
    logger.silent = true;
    const processor = createRowProcessor(
      { pool: history.pool, logger },
      {
        table: 'verifications',
        read: findVerification,
        work: () => Promise.reject(new Error('it was started once more')),
        finish: async () => {},
        finished: async () => ({}),
        gaveUp: async (db, row, error) => {
          await appendAudit(db, { ...EVENT, target: row.id, detail: { code: error.code } });
          // As if the worker was killed at this very moment.
          deaths += 1;
          if (deaths === 1) throw new Error('killed');
        },
      },
    );
    const job = { name: 'verify', data: { verificationId: id }, log: async () => 0 } as unknown as Job;
    const attempt = () =>
      processor(job, 'token', undefined).then(
        () => 'ended',
        () => 'died',
      );
    const ends = [await attempt(), await attempt(), await attempt()];
    expect(ends).to.deep.equal(['died', 'ended', 'ended']);
    const { rows } = await history.pool.query('SELECT detail FROM audit_events WHERE target = $1', [id]);
    expect(rows).to.deep.equal([{ detail: { code: 'TOO_MANY_ATTEMPTS' } }]);
    expect((await findVerification(history.pool, id))?.status).to.equal('error');
  });
});
