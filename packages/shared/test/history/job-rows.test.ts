import { randomUUID } from 'node:crypto';
import type { Job } from 'bullmq';
import { expect } from 'chai';
import { claimRow } from '../../src/history/job-rows.js';
import { MAXIMUM_ATTEMPTS, type Run } from '../../src/history/runs.js';
import { findVerification, insertVerification } from '../../src/history/verifications.js';
import { createRowProcessor } from '../../src/jobs/row-processor.js';
import { createLogger } from '../../src/logger.js';
import { openHistory, type TestHistory } from '../servers.js';
import { letLeasePass, queueBackup } from './rows.js';

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
    const told: unknown[] = [];
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
        gaveUp: async (row, error) => void told.push(row.id, error.code),
      },
    );
    const job = { name: 'verify', data: { verificationId: id }, log: async () => 0 } as unknown as Job;
    for (let time = 0; time < 2; time += 1) await processor(job, 'token', undefined);
    expect(told).to.deep.equal([id, 'TOO_MANY_ATTEMPTS']);
  });
});
