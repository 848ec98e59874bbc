import { expect } from 'chai';
import type { ReportFacts, SourceReport } from '../../src/contracts/report-body.js';
import { findAttention } from '../../src/policy/report-attention.js';
import { summarise } from '../../src/policy/report-summary.js';
import { aSource, aTest, daysAgo, NOW, soundFacts } from './facts.js';

const points = (facts: ReportFacts) =>
  findAttention(facts, NOW).map(({ severity, source, text }) => `${severity} ${source}: ${text}`);

describe('what needs attention', () => {
  it('is nothing where all is well', () => {
    expect(points(soundFacts())).to.deep.equal([]);
  });

  const newest = aSource().newestSuccess as NonNullable<SourceReport['newestSuccess']>;
  const tests = aSource().recoveryTests;
  const ofSource: [string, Partial<SourceReport>, RegExp][] = [
    ['no backup', { newestSuccess: null }, /^critical main: There is no backup/],
    [
      'an old backup',
      { newestSuccess: { ...newest, dataAgeSeconds: 200_000 } },
      /^critical main: .* 2 days old; the target is 26 h/,
    ],
    [
      'a damaged backup',
      {
        damaged: [
          { backupId: 'b', fileName: 'f.gz', verdict: 'checksum', reason: 'it differs', endedAt: NOW },
        ],
      },
      /^critical main: 1 kept backup found damaged: f\.gz \(checksum: it differs\)/,
    ],
    [
      'a failed recovery test',
      { recoveryTests: { ...tests, newest: aTest({ status: 'failed', findings: 2 }) } },
      /^critical main: The recovery test of 2026-11-22 failed with 2 differences/,
    ],
    [
      'a recovery test that could not run',
      { recoveryTests: { ...tests, newest: aTest({ status: 'error', reason: 'No room.' }) } },
      /^warning main: .*could not run: No room/,
    ],
    [
      'no recovery test',
      { recoveryTests: { ...tests, newest: null, newestPassed: null } },
      /^warning main: No recovery test has proven/,
    ],
    [
      'an old recovery test',
      {
        recoveryTests: {
          ...tests,
          newest: aTest({ endedAt: daysAgo(9) }),
          newestPassed: aTest({ endedAt: daysAgo(9) }),
        },
      },
      /^warning main: The last passed recovery test is from 2026-11-15/,
    ],
    [
      'a missed RTO target',
      { recoveryTests: { ...tests, newest: aTest({ rtoSeconds: 20_000 }) } },
      /^warning main: .*missed a target: restored in 6 h \(target 4 h\)/,
    ],
    [
      'a missed RPO target',
      { recoveryTests: { ...tests, newest: aTest({ rpoSeconds: 100_000 }) } },
      /^warning main: .*data 28 h \(target 26 h\)/,
    ],
    [
      'a failed backup',
      { failures: [{ id: 'b', endedAt: NOW, code: 'DISK_FULL', message: 'Full.' }] },
      /^warning main: 1 backup failed in the period: DISK_FULL \(Full\.\)/,
    ],
    [
      'a missing file',
      { missingFiles: [{ backupId: 'b', fileName: null }] },
      /^critical main: 1 backup file gone without a disposal, such as b/,
    ],
    [
      'an unknown file',
      { unknownFiles: [{ kind: 'unknown-file', name: 'x.sql', firstSeenAt: NOW }] },
      /^warning main: 1 file .* such as x\.sql/,
    ],
    [
      'backups never verified',
      { kept: { ...aSource().kept, neverVerifiedOld: 3 } },
      /^warning main: 3 kept backups older/,
    ],
    [
      'verifications that could not run',
      { verifications: { ...aSource().verifications, period: { passed: 0, failed: 0, error: 2 } } },
      /^warning main: 2 verifications could not run/,
    ],
    ['a source without a schedule', { name: 'lab' }, /^warning lab: Full backups are not scheduled/],
  ];
  for (const [what, more, line] of ofSource) {
    it(`is ${what}, said once`, () => {
      const found = points(soundFacts({ sources: [aSource(more)] }));
      expect(found).to.have.length(1);
      expect(found[0]).to.match(line);
    });
  }

  const alert = { source: null, message: 'Nearly full.', raisedAt: NOW, acknowledgedAt: null };
  const ofAll: [string, Partial<ReportFacts>, RegExp | null][] = [
    [
      'a broken audit chain',
      { audit: { ...soundFacts().audit, brokenAt: 3 } },
      /^critical null: .*at event 3/,
    ],
    [
      'a replaced audit trail',
      { audit: { ...soundFacts().audit, previousHeadStands: false } },
      /^critical null: .*report before is gone or changed/,
    ],
    [
      'a failed cleanup',
      { cleanup: { ...soundFacts().cleanup, status: 'failed' } as never },
      /^warning null: The cleanup of 2026-11-24 failed/,
    ],
    [
      'an alert that only alerts know',
      { alerts: { raised: 1, resolved: 0, open: [{ ...alert, rule: 'disk-low', severity: 'critical' }] } },
      /^critical null: Nearly full\./,
    ],
    [
      'no alert that merely informs',
      { alerts: { raised: 1, resolved: 0, open: [{ ...alert, rule: 'disk-low', severity: 'info' }] } },
      null,
    ],
    [
      'no alert that repeats what the report sees',
      {
        alerts: { raised: 1, resolved: 0, open: [{ ...alert, rule: 'backup-failed', severity: 'critical' }] },
      },
      null,
    ],
  ];
  for (const [what, more, line] of ofAll) {
    it(`is ${what}`, () => {
      const found = points(soundFacts(more));
      expect(found).to.have.length(line === null ? 0 : 1);
      if (line !== null) expect(found[0]).to.match(line);
    });
  }

  it('names three damaged backups and counts the rest', () => {
    const damaged = ['a', 'b', 'c', 'd', 'e'].map((fileName) => ({
      backupId: fileName,
      fileName,
      verdict: 'size' as const,
      reason: null,
      endedAt: NOW,
    }));
    const [point] = points(soundFacts({ sources: [aSource({ damaged })] }));
    expect(point).to.match(
      /5 kept backups found damaged: a .*, b .*, c \(size: no reason recorded\) and 2 more\.$/,
    );
  });

  it('comes with the most pressing first', () => {
    const worse = aSource({ name: 'lab', newestSuccess: null });
    const facts = soundFacts({
      sources: [aSource({ failures: [{ id: 'b', endedAt: NOW, code: 'X', message: '' }] }), worse],
    });
    expect(findAttention(facts, NOW).map((point) => point.severity)).to.deep.equal([
      'critical',
      'warning',
      'warning',
    ]);
  });
});

describe("a report's first sentence", () => {
  const headline = (...sources: SourceReport[]) => {
    const facts = soundFacts({ sources });
    return summarise(facts, findAttention(facts, NOW));
  };
  const scheduled = (name: string, more: Partial<SourceReport> = {}) => aSource({ name, ...more });

  it('tells that all is well', () => {
    expect(headline(aSource())).to.deep.equal({
      verdict: 'protected',
      headline:
        '1 of 1 source protected; newest backup 4 h old; restore last proven on 2026-11-22; nothing needs attention',
      sources: 1,
      protectedSources: 1,
      points: 0,
    });
  });

  it('speaks of the whole span where sources differ', () => {
    const old = {
      ...(aSource().newestSuccess as NonNullable<SourceReport['newestSuccess']>),
      dataAgeSeconds: 18_000,
    };
    const tested = { ...aSource().recoveryTests, newestPassed: aTest({ endedAt: daysAgo(4) }) };
    const said = headline(aSource(), scheduled('lab', { newestSuccess: old, recoveryTests: tested }));
    expect(said.headline).to.equal(
      '2 of 2 sources protected; newest backups 4 h to 5 h old; restores last proven on 2026-11-20 to 2026-11-22; 1 point to look at',
    );
    expect(said.verdict).to.equal('attention');
  });

  it('does not call a source protected whose newest backup is old, damaged, or was found different when restored', () => {
    const id = aSource().newestSuccess?.id as string;
    const damaged = [{ backupId: id, fileName: null, verdict: 'gzip', reason: null, endedAt: NOW }] as const;
    const wrong = { ...aSource().recoveryTests, newest: aTest({ status: 'failed' }) };
    for (const source of [
      aSource({ newestSuccess: null }),
      aSource({ damaged: [...damaged] }),
      aSource({ recoveryTests: wrong }),
    ]) {
      expect(headline(source)).to.include({ verdict: 'unprotected', protectedSources: 0 });
    }
  });

  it('is plain on the first day', () => {
    const nothing = {
      newestSuccess: null,
      recoveryTests: { ...aSource().recoveryTests, newest: null, newestPassed: null },
    };
    expect(headline(aSource(nothing)).headline).to.equal(
      '0 of 1 source protected; no backup yet; no restore proven yet; 2 points to look at',
    );
    expect(headline(aSource(), scheduled('lab', nothing)).headline).to.contain('no restore proven for lab');
  });

  it('leaves out what is no longer backed up', () => {
    expect(
      headline(aSource(), aSource({ name: 'old', configured: false, newestSuccess: null })).headline,
    ).to.match(/^1 of 1/);
  });
});
