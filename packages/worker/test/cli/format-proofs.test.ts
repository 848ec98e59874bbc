import { randomUUID } from 'node:crypto';
import type { RecoveryTest } from '@safekeep/shared/contracts/recovery-test';
import type { Verification } from '@safekeep/shared/contracts/verification';
import { expect } from 'chai';
import { formatProofs } from '../../src/cli/format-proofs.js';

const asked = {
  id: randomUUID(),
  backupId: randomUUID(),
  reason: null,
  requestedVia: 'cli',
  requestedBy: null,
  note: null,
  createdAt: new Date('2024-01-01T04:00:00Z'),
  startedAt: null,
  endedAt: null,
  errorCode: null,
  progress: null,
} as const;

const verification = (more: Partial<Verification>): Verification => ({
  ...asked,
  status: 'queued',
  verdict: null,
  failedAtByte: null,
  ...more,
});

const recoveryTest = (more: Partial<RecoveryTest>): RecoveryTest => ({
  ...asked,
  status: 'queued',
  findings: null,
  facts: null,
  rtoSeconds: null,
  rpoSeconds: null,
  rtoTargetSeconds: null,
  rpoTargetSeconds: null,
  ...more,
});

describe('the proofs of a backup for people', () => {
  const endedAt = new Date('2024-01-01T04:00:09Z');

  it('tell each verification, where it failed and why', () => {
    const failed = { status: 'failed', verdict: 'gzip', failedAtByte: 512, reason: 'ends too soon' } as const;
    const shown = formatProofs(
      [
        verification({}),
        verification({ ...failed, endedAt }),
        verification({ status: 'error', errorCode: 'KEY_UNKNOWN', reason: 'another key', endedAt }),
        verification({ status: 'passed', verdict: 'sound', endedAt }),
      ],
      [],
    );
    expect(shown.split('\n')).to.deep.equal([
      'verified     2024-01-01 04:00:00 UTC: queued',
      'verified     2024-01-01 04:00:09 UTC: failed: gzip at byte 512: ends too soon',
      'verified     2024-01-01 04:00:09 UTC: error: KEY_UNKNOWN: another key',
      'verified     2024-01-01 04:00:09 UTC: passed',
    ]);
  });

  it('tell all differences that the newest recovery test found, and of older ones the sentence', () => {
    const findings = [{ kind: 'rows', object: 'public.patients', expected: 7, actual: 6 }] as const;
    const differs = recoveryTest({
      status: 'failed',
      reason: '1 difference',
      findings: [...findings],
      endedAt,
    });
    const passed = recoveryTest({ status: 'passed', endedAt });
    expect(formatProofs([], [differs, passed])).to.match(/1 difference(.|\n)*rows +public\.patients +7 +6/);
    expect(formatProofs([], [passed, differs]).split('\n')).to.deep.equal([
      'restored     2024-01-01 04:00:09 UTC: passed',
      'restored     2024-01-01 04:00:09 UTC: failed: 1 difference',
    ]);
  });

  it('say nothing where nothing was proven', () => {
    expect(formatProofs([], [])).to.equal('');
  });
});
