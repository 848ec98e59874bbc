import { expect } from 'chai';
import type { ReportFacts, SourceReport } from '../../src/contracts/report-body.js';
import { checkCompliance } from '../../src/policy/compliance.js';
import { aSource, aTest, daysAgo, NOW, soundFacts } from './facts.js';

const PEOPLE = ['incident-reports', 'training', 'training-records'];

function missing(facts: ReportFacts): string[] {
  return checkCompliance(facts, NOW)
    .filter((item) => item.status === 'missing')
    .map((item) => item.id);
}

describe('the compliance checklist', () => {
  it('has every line of the manual, in its order', () => {
    const titles = (list: string) =>
      checkCompliance(soundFacts(), NOW)
        .filter((item) => item.list === list)
        .map((item) => item.title);
    expect(titles('requirements')).to.deep.equal([
      'Data backup plan documented',
      'Disaster recovery procedures tested',
      'Encryption enabled for all backups',
      'Access controls implemented',
      'Audit logging enabled',
      'Regular testing performed',
      'Staff training completed',
      'Retention policies enforced',
    ]);
    expect(titles('documentation')).to.deep.equal([
      'Backup procedures documented',
      'Recovery procedures documented',
      'Test results recorded',
      'Incident reports maintained',
      'Audit trails preserved',
      'Training records kept',
    ]);
  });

  it('has every section of 45 CFR that backups touch, and ids that are unique', () => {
    const items = checkCompliance(soundFacts(), NOW);
    const cited = items.filter((item) => item.list === 'regulation').map((item) => item.citation);
    expect(cited).to.deep.equal([
      '164.308(a)(1)(ii)(D)',
      '164.308(a)(7)(ii)(A)',
      '164.308(a)(7)(ii)(B)',
      '164.308(a)(7)(ii)(C)',
      '164.308(a)(7)(ii)(D)',
      '164.310(d)(2)(i)',
      '164.312(a)(2)(i), (iii)',
      '164.312(a)(2)(iv)',
      '164.312(b)',
      '164.312(c)(1)',
      '164.312(d)',
      '164.312(e)(1)',
      '164.316(b)(2)(i)',
    ]);
    expect(new Set(items.map((item) => item.id)).size).to.equal(items.length);
  });

  it('is met where software can measure it, says what it cannot, and certifies nothing', () => {
    const items = checkCompliance(soundFacts(), NOW);
    const unmeasured = items.filter((item) => item.status === 'not measurable by software');
    expect(unmeasured.map((item) => item.id)).to.have.members(PEOPLE);
    expect(missing(soundFacts())).to.deep.equal([]);
    for (const item of items) {
      expect(item.evidence, item.id).to.match(/^.{20,}\.$/);
      expect(`${item.title} ${item.evidence} ${item.duty}`, item.id).to.not.match(/certified|undefined|NaN/i);
    }
  });

  const evidence: [string, RegExp][] = [
    ['backup-plan', /main at "0 2 \* \* \*" \(UTC\).*main 4 h; target 26 h\./],
    ['recovery-tested', /Last passed: main on 2026-11-22\./],
    ['encryption', /30 kept backups encrypted with AES-256-CBC.*k1 \(30\)\./],
    ['access-controls', /3 accounts in use: 1 admin, 2 auditor\./],
    [
      'audit-logging',
      /25 events in the period, 2 of them refusals.*900 events recomputed, the hash chain holds\./,
    ],
    ['regular-testing', /30 verifications and 4 recovery tests with a verdict\./],
    [
      'retention',
      /90 days, incremental ones 30, and at least 3 full ones of each source\. Last cleanup 2026-11-24: 30 kept, 1 removed\. 0 legal holds\./,
    ],
    ['audit-trails', /900 events since 2025-10-20;.*hash (ab){32}\./],
    ['cfr-recovery-plan', /main restored in 30 min, data 60 min old\. Targets: 4 h and 26 h\./],
    ['cfr-emergency-mode', /Newest: 2026-10-15\./],
    ['cfr-integrity', /30 of 30 kept backups verified as sound/],
    ['cfr-authentication', /40 logins, 3 refused or failed\./],
    ['cfr-documentation', /12 reports before this one, since 2026-11-12\./],
    ['cfr-transmission', /history: TLS, server certificate verified\./],
  ];
  for (const [id, text] of evidence) {
    it(`shows ${id} with its figures`, () => {
      const item = checkCompliance(soundFacts(), NOW).find((row) => row.id === id);
      expect(item?.evidence).to.match(text);
    });
  }

  const testing = (more: Partial<SourceReport['recoveryTests']>) => ({
    ...aSource().recoveryTests,
    ...more,
  });
  const kept = (more: Partial<SourceReport['kept']>) => ({ ...aSource().kept, ...more });
  const ofSource: [string, Partial<SourceReport>, string[]][] = [
    [
      'a source without any backup',
      { newestSuccess: null, kept: kept({ count: 0, keys: [], sound: 0 }) },
      ['backup-plan', 'cfr-backup-plan', 'cfr-encryption', 'cfr-integrity', 'encryption'],
    ],
    [
      'a newest backup that is older than the RPO target',
      { newestSuccess: { ...(aSource().newestSuccess as object), dataAgeSeconds: 93_601 } as never },
      ['backup-plan', 'cfr-backup-plan'],
    ],
    [
      'a source whose recovery was never tested',
      { recoveryTests: testing({ newest: null, newestPassed: null, history: [] }) },
      ['cfr-recovery-plan', 'cfr-testing', 'recovery-procedures', 'recovery-tested', 'regular-testing'],
    ],
    [
      'a recovery test that failed after one that passed',
      { recoveryTests: testing({ newest: aTest({ status: 'failed', findings: 1 }) }) },
      ['cfr-testing', 'recovery-tested'],
    ],
    [
      'a recovery test that could not run',
      { recoveryTests: testing({ newest: aTest({ status: 'error' }) }) },
      ['cfr-testing', 'recovery-tested', 'regular-testing'],
    ],
    [
      'a passed recovery test of nine days ago',
      {
        recoveryTests: testing({
          newest: aTest({ endedAt: daysAgo(9) }),
          newestPassed: aTest({ endedAt: daysAgo(9) }),
        }),
      },
      ['cfr-testing', 'recovery-tested', 'regular-testing'],
    ],
    [
      'a recovery that took longer than its target',
      { recoveryTests: testing({ newestPassed: aTest({ rtoSeconds: 14_401 }) }) },
      ['cfr-recovery-plan'],
    ],
    ['a damaged backup that is still kept', { kept: kept({ sound: 29, damaged: 1 }) }, ['cfr-integrity']],
    [
      'a backup that nobody verified for days',
      { kept: kept({ sound: 29, neverVerified: 1, neverVerifiedOld: 1 }) },
      ['cfr-integrity'],
    ],
    ['a backup that is merely young', { kept: kept({ sound: 29, neverVerified: 1 }) }, []],
    [
      'a backup without a recorded key',
      { kept: kept({ keys: [{ keyId: 'k1', count: 29 }] }) },
      ['cfr-encryption', 'encryption'],
    ],
    [
      'a file that Safekeep did not write',
      { unknownFiles: [{ kind: 'unknown-file', name: 'emergency.pgdump', firstSeenAt: NOW }] },
      ['cfr-encryption', 'encryption'],
    ],
    [
      'a backup file that is gone',
      { missingFiles: [{ backupId: 'b', fileName: 'f' }] },
      ['cfr-integrity', 'cfr-media'],
    ],
    [
      'no verification for three days',
      { verifications: { ...aSource().verifications, newestAt: daysAgo(3) } },
      ['regular-testing'],
    ],
  ];
  for (const [what, more, ids] of ofSource) {
    it(`${what}: missing ${ids.join(', ') || 'nothing'}`, () => {
      expect(missing(soundFacts({ sources: [aSource(more)] }))).to.have.members(ids);
    });
  }

  const audit = (more: Partial<ReportFacts['audit']>) => ({ ...soundFacts().audit, ...more });
  const cleanup = (more: Partial<NonNullable<ReportFacts['cleanup']>>) => ({
    ...(soundFacts().cleanup as NonNullable<ReportFacts['cleanup']>),
    ...more,
  });
  const [full, clean] = soundFacts().schedules as [
    ReportFacts['schedules'][number],
    ReportFacts['schedules'][number],
  ];
  const ofAll: [string, Partial<ReportFacts>, string[]][] = [
    [
      'full backups that are off',
      { schedules: [{ ...full, cron: null }, clean] },
      ['backup-plan', 'cfr-backup-plan'],
    ],
    [
      'full backups that pause',
      { schedules: [{ ...full, paused: true }, clean] },
      ['backup-plan', 'cfr-backup-plan'],
    ],
    [
      'full backups of another source alone',
      { schedules: [{ ...full, source: 'lab' }, clean] },
      ['backup-plan', 'cfr-backup-plan'],
    ],
    ['cleanup that is off', { schedules: [full, { ...clean, cron: null }] }, ['retention']],
    [
      'no schedule at all',
      { schedules: [] },
      ['backup-plan', 'backup-procedures', 'cfr-backup-plan', 'retention'],
    ],
    ['cleanup that never ran', { cleanup: null }, ['retention']],
    ['cleanup that failed', { cleanup: cleanup({ status: 'failed' }) }, ['retention']],
    ['cleanup that could not remove all', { cleanup: cleanup({ failedCount: 1 }) }, ['retention']],
    ['cleanup of three days ago', { cleanup: cleanup({ endedAt: daysAgo(3) }) }, ['retention']],
    [
      'an empty audit trail',
      { audit: audit({ head: null, firstAt: null, checkedEvents: 0 }) },
      ['audit-logging', 'audit-trails', 'cfr-audit', 'cfr-documentation'],
    ],
    [
      'a broken audit chain',
      { audit: audit({ brokenAt: 7 }) },
      ['audit-logging', 'audit-trails', 'cfr-audit'],
    ],
    [
      'an audit trail that was replaced',
      { audit: audit({ previousHeadStands: false }) },
      ['audit-logging', 'audit-trails', 'cfr-audit'],
    ],
    [
      'the first report ever',
      { audit: audit({ previousHeadStands: null }), reports: { count: 0, firstAt: null } },
      [],
    ],
    [
      'nobody who reviews',
      { audit: audit({ reviewsInTrend: 0, newestReviewAt: null }) },
      ['cfr-activity-review'],
    ],
    [
      'nobody with an account',
      { people: [{ role: 'viewer', enabled: 0, disabled: 1 }] },
      ['access-controls', 'cfr-access', 'cfr-authentication'],
    ],
    ['no emergency drill', { newestEmergencyAt: null }, ['cfr-emergency-mode']],
    ['an emergency drill of last year', { newestEmergencyAt: daysAgo(93) }, ['cfr-emergency-mode']],
    [
      'a disposal without a record',
      { disposals: { count: 1, bytes: 1, unrecorded: 1, unfinished: 0, trend: [] } },
      ['cfr-media'],
    ],
    [
      'a disposal that was begun',
      { disposals: { count: 1, bytes: 1, unrecorded: 0, unfinished: 1, trend: [] } },
      ['cfr-media'],
    ],
    ['no disposal yet', { disposals: { count: 0, bytes: 0, unrecorded: 0, unfinished: 0, trend: [] } }, []],
    [
      'a connection without TLS',
      {
        configuration: {
          ...soundFacts().configuration,
          transports: [{ connection: 'redis', protection: 'plain' }],
        },
      },
      ['cfr-transmission'],
    ],
    [
      'a connection that stays on the machine',
      {
        configuration: {
          ...soundFacts().configuration,
          transports: [{ connection: 'redis', protection: 'local' }],
        },
      },
      [],
    ],
  ];
  for (const [what, more, ids] of ofAll) {
    it(`${what}: missing ${ids.join(', ') || 'nothing'}`, () => {
      expect(missing(soundFacts(more))).to.have.members(ids);
    });
  }

  it('names the source that lacks something, and asks nothing of one that is no longer backed up', () => {
    const lab = aSource({ name: 'lab', newestSuccess: null });
    const item = (facts: ReportFacts) => checkCompliance(facts, NOW).find((row) => row.id === 'backup-plan');
    const wanted = item(soundFacts({ sources: [aSource(), lab] }));
    expect(wanted?.evidence).to.contain('No active schedule of full backups: lab.');
    expect(wanted?.evidence).to.contain('No backup within the RPO target of 26 h: lab.');
    const retired = item(soundFacts({ sources: [aSource(), { ...lab, configured: false }] }));
    expect(retired?.status).to.equal('met');
  });

  it('warns of an account that is shared, without calling it missing', () => {
    const facts = soundFacts({ people: [{ role: 'admin', enabled: 1, disabled: 0 }] });
    const item = checkCompliance(facts, NOW).find((row) => row.id === 'access-controls');
    expect(item).to.include({ status: 'met' });
    expect(item?.evidence).to.contain('With one account, people who share it cannot be told apart.');
  });
});
