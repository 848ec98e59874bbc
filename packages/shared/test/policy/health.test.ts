import { expect } from 'chai';
import { assessCompliance, type ComplianceReasonName, type SourceProof } from '../../src/policy/health.js';

const NOW = new Date('2026-03-08T12:00:00Z');
const HOUR = 3_600;
const DAY = 24 * HOUR;
const TARGETS = { rto: 4 * HOUR, rpo: 26 * HOUR };
const NO_ALERTS = { info: 0, warning: 0, critical: 0 };

const ago = (seconds: number) => new Date(NOW.getTime() - 1_000 * seconds);

/** A source of which everything is as it should be. */
const SOUND: SourceProof = {
  source: 'main',
  firstSuccessAt: ago(200 * DAY),
  lastSuccessAt: ago(9 * HOUR),
  newestDataAt: ago(10 * HOUR),
  lastBackupOk: true,
  lastVerificationAt: ago(8 * HOUR),
  lastVerificationOk: true,
  lastVerificationPassedAt: ago(8 * HOUR),
  unsoundBackups: 0,
  lastRecoveryTestAt: ago(2 * DAY),
  lastRecoveryTestOk: true,
  lastRecoveryTestPassedAt: ago(2 * DAY),
  lastRtoSeconds: 600,
};

const NEW: SourceProof = {
  ...SOUND,
  firstSuccessAt: null,
  lastSuccessAt: null,
  newestDataAt: null,
  lastBackupOk: null,
  lastVerificationAt: null,
  lastVerificationOk: null,
  lastVerificationPassedAt: null,
  lastRecoveryTestAt: null,
  lastRecoveryTestOk: null,
  lastRecoveryTestPassedAt: null,
  lastRtoSeconds: null,
};

const firstNight = { firstSuccessAt: ago(HOUR), lastSuccessAt: ago(HOUR), newestDataAt: ago(HOUR) };

type Case = [
  name: string,
  proof: SourceProof,
  status: 'compliant' | 'at_risk' | 'non_compliant',
  ComplianceReasonName[],
];

const CASES: Case[] = [
  ['everything in time', SOUND, 'compliant', []],
  ['data exactly as old as the target', { ...SOUND, newestDataAt: ago(26 * HOUR) }, 'compliant', []],
  [
    'data a second older than the target',
    { ...SOUND, newestDataAt: ago(26 * HOUR + 1) },
    'non_compliant',
    ['data-too-old'],
  ],
  ['no backup at all', NEW, 'non_compliant', ['no-backup']],
  ['only failed backups', { ...NEW, lastBackupOk: false }, 'non_compliant', ['no-backup']],
  ['the first backup, never restored', { ...NEW, ...firstNight }, 'at_risk', ['recovery-test-overdue']],
  ['the newest backup failed, data in time', { ...SOUND, lastBackupOk: false }, 'at_risk', ['backup-failed']],
  [
    'the newest backup failed, data too old',
    { ...SOUND, lastBackupOk: false, newestDataAt: ago(27 * HOUR) },
    'non_compliant',
    ['data-too-old', 'backup-failed'],
  ],
  [
    'the newest verification failed',
    { ...SOUND, lastVerificationOk: false, unsoundBackups: 1 },
    'non_compliant',
    ['verification-failed'],
  ],
  ['an older backup is unsound', { ...SOUND, unsoundBackups: 1 }, 'at_risk', ['unsound-backup']],
  [
    'verified within target and a day',
    { ...SOUND, lastVerificationPassedAt: ago(50 * HOUR) },
    'compliant',
    [],
  ],
  [
    'not verified for longer',
    { ...SOUND, lastVerificationPassedAt: ago(50 * HOUR + 1) },
    'at_risk',
    ['verification-overdue'],
  ],
  [
    'never verified, for long',
    { ...SOUND, lastVerificationOk: null, lastVerificationAt: null, lastVerificationPassedAt: null },
    'at_risk',
    ['verification-overdue'],
  ],
  [
    'the newest recovery test failed',
    { ...SOUND, lastRecoveryTestOk: false },
    'non_compliant',
    ['recovery-test-failed'],
  ],
  [
    'a recovery test of eight days ago',
    { ...SOUND, lastRecoveryTestPassedAt: ago(8 * DAY) },
    'compliant',
    [],
  ],
  [
    'a recovery test that is older',
    { ...SOUND, lastRecoveryTestPassedAt: ago(8 * DAY + 1) },
    'at_risk',
    ['recovery-test-overdue'],
  ],
  [
    'no passed recovery test for more than 30 days',
    { ...SOUND, lastRecoveryTestPassedAt: ago(30 * DAY + 1) },
    'non_compliant',
    ['recovery-test-missing'],
  ],
  [
    'backups for more than 30 days and never a recovery test',
    { ...SOUND, lastRecoveryTestAt: null, lastRecoveryTestOk: null, lastRecoveryTestPassedAt: null },
    'non_compliant',
    ['recovery-test-missing'],
  ],
  ['a restore as long as the target', { ...SOUND, lastRtoSeconds: 4 * HOUR }, 'compliant', []],
  [
    'a restore that takes longer',
    { ...SOUND, lastRtoSeconds: 4 * HOUR + 1 },
    'at_risk',
    ['restore-too-slow'],
  ],
];

describe('the compliance of a source', () => {
  for (const [name, proof, status, reasons] of CASES) {
    it(`${name}: ${status}`, () => {
      const found = assessCompliance([proof], NO_ALERTS, TARGETS, NOW);
      expect(found.reasons.map(({ reason }) => reason)).to.deep.equal(reasons);
      expect(found.status).to.equal(status);
      for (const { source } of found.reasons) expect(source).to.equal('main');
    });
  }
});

describe('the compliance of all sources', () => {
  const lab: SourceProof = { ...SOUND, source: 'lab', newestDataAt: ago(3 * DAY) };

  it('is that of the worst one, which is named', () => {
    expect(assessCompliance([SOUND, lab], NO_ALERTS, TARGETS, NOW)).to.deep.equal({
      status: 'non_compliant',
      reasons: [{ status: 'non_compliant', source: 'lab', reason: 'data-too-old' }],
    });
  });

  it('falls with open alerts: to at risk with a warning, further with a critical one, and not with an info', () => {
    const assess = (alerts: Partial<typeof NO_ALERTS>) =>
      assessCompliance([SOUND], { ...NO_ALERTS, ...alerts }, TARGETS, NOW).status;
    expect(assess({ info: 5 })).to.equal('compliant');
    expect(assess({ warning: 1 })).to.equal('at_risk');
    expect(assess({ warning: 1, critical: 1 })).to.equal('non_compliant');
  });

  it('follows the targets that are set', () => {
    expect(assessCompliance([lab], NO_ALERTS, { ...TARGETS, rpo: 3 * DAY }, NOW).status).to.equal(
      'compliant',
    );
    expect(assessCompliance([SOUND], NO_ALERTS, { ...TARGETS, rto: 599 }, NOW).status).to.equal('at_risk');
  });
});
