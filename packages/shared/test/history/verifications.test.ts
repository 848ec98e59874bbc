import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { claimRow } from '../../src/history/job-rows.js';
import { MAXIMUM_ATTEMPTS, type Run } from '../../src/history/runs.js';
import { findVerification, insertVerification } from '../../src/history/verifications.js';
import { openHistory, type TestHistory } from '../servers.js';
import { letLeasePass, queueBackup } from './rows.js';

describe('a verification', () => {
  let history: TestHistory;
  before(async () => {
    history = await openHistory();
  });
  after(() => history.close());

  async function queueVerification(): Promise<string> {
    const backupId = await queueBackup(history.pool);
    const asked = { requestedVia: 'cli', requestedBy: null, note: null } as const;
    return (await insertVerification(history.pool, { id: randomUUID(), backupId, ...asked })).id;
  }

  it('has one living run, whoever asks', async () => {
    const id = await queueVerification();
    const claims = await Promise.all(
      Array.from({ length: 8 }, () => claimRow(history.pool, 'verifications', id, 'test')),
    );
    expect(claims.filter((claim) => claim.kind === 'started')).to.have.length(1);
    expect(claims.filter((claim) => claim.kind === 'busy')).to.have.length(7);
  });

  it(`that killed ${MAXIMUM_ATTEMPTS} workers is not started again, and says why`, async () => {
    const id = await queueVerification();
    for (let attempt = 0; attempt < MAXIMUM_ATTEMPTS; attempt += 1) {
      const claim = await claimRow(history.pool, 'verifications', id, 'test');
      expect(claim.kind).to.equal('started');
      await letLeasePass(history.pool, (claim as { run: Run }).run);
    }
    expect(await claimRow(history.pool, 'verifications', id, 'test')).to.deep.equal({ kind: 'ended' });
    const ended = await findVerification(history.pool, id);
    expect(ended).to.include({ status: 'error', errorCode: 'TOO_MANY_ATTEMPTS', verdict: null });
  });
});
