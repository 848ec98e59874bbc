import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { ReportFacts } from '../../src/contracts/report-body.js';
import { composeReport } from '../../src/report/compose.js';
import { reportPage } from '../../src/report/page.js';
import { scaleTo } from '../../src/report/scale.js';
import { CONTENT_POLICY } from '../../src/report/style.js';
import { reportText } from '../../src/report/text.js';
import { aSource, aTest, NOW, soundFacts } from '../policy/facts.js';

const ID = '5a1ef8b1-0c5f-4b1c-9f4e-0a3b1c9d8e7f';
const bodyOf = (facts: ReportFacts) => composeReport(facts, { id: ID, source: null, now: NOW });
const EVIL = `<script>alert("1")</script>' onload='x`;

/** Facts in which every text that comes from outside is hostile. */
function hostileFacts(): ReportFacts {
  const source = aSource({
    name: EVIL,
    unknownFiles: [{ kind: 'unknown-file', name: EVIL, firstSeenAt: NOW }],
    missingFiles: [{ backupId: ID, fileName: EVIL }],
    failures: [{ id: ID, endedAt: NOW, code: 'X', message: EVIL }],
    damaged: [{ backupId: ID, fileName: EVIL, verdict: 'gzip', reason: EVIL, endedAt: NOW }],
    legalHolds: [{ backupId: ID, fileName: EVIL, reason: EVIL }],
    recoveryTests: {
      ...aSource().recoveryTests,
      newest: aTest({ status: 'error', reason: EVIL }),
      history: [aTest({ fileName: EVIL })],
    },
  });
  const alert = { source: EVIL, message: EVIL, raisedAt: NOW, acknowledgedAt: null };
  const facts = soundFacts({ sources: [source] });
  return {
    ...facts,
    alerts: { raised: 1, resolved: 0, open: [{ ...alert, rule: 'disk-low', severity: 'critical' }] },
    cleanup: {
      ...(facts.cleanup as NonNullable<ReportFacts['cleanup']>),
      removals: [{ source: EVIL, fileName: EVIL, sizeBytes: 1, reason: EVIL, outcome: EVIL }],
      keptReasons: [{ reason: EVIL, count: 1 }],
    },
    configuration: { ...facts.configuration, compression: EVIL },
  };
}

describe("a report's page", () => {
  it('shows hostile names and messages as text, and holds no script', () => {
    const page = reportPage(bodyOf(hostileFacts()));
    expect(page).to.not.match(/<script|onload='|javascript:/i);
    expect(page.split('&lt;script&gt;alert(&quot;1&quot;)').length).to.be.greaterThan(15);
  });

  it('has tags that close, and ids that are unique', () => {
    for (const facts of [soundFacts(), hostileFacts(), soundFacts({ sources: [] })]) {
      const page = reportPage(bodyOf(facts));
      const open: string[] = [];
      for (const [, end, tag, rest] of page.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^>"]|"[^"]*")*)>/g)) {
        if (['meta', '!DOCTYPE'].includes(tag as string) || rest?.endsWith('/')) continue;
        if (end === '') open.push(tag as string);
        else expect(open.pop(), page.slice(0, 200)).to.equal(tag);
      }
      expect(open).to.deep.equal([]);
      const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
      expect(new Set(ids).size).to.equal(ids.length);
    }
  });

  it('allows its own style and nothing else, and asks for nothing from outside', () => {
    const page = reportPage(bodyOf(soundFacts()));
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(CONTENT_POLICY).to.equal(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
    expect(page).to.contain(`content="${CONTENT_POLICY.replaceAll("'", '&#39;')}"`);
    expect(page).to.not.match(/ (style|src|href)=|url\(|@import|https?:/);
  });

  it('draws each chart with a title and a description for those who do not see it', () => {
    const page = reportPage(bodyOf(soundFacts()));
    const charts = [...page.matchAll(/<svg[^>]*role="img" aria-labelledby="(\S+) (\S+)">/g)];
    expect(charts).to.have.length(6);
    for (const [, title, text] of charts)
      expect(page).to.contain(`<title id="${title}">`).and.contain(`<desc id="${text}">`);
    expect(page).to.contain('1 recovery test, 0 of them beyond the target.');
    expect(page).to.not.match(/NaN|undefined|Infinity/);
  });

  it('leads with the verdict, then what needs attention, then sources, checklist, audit head and glossary', () => {
    const page = reportPage(bodyOf(soundFacts()));
    const headings = [...page.matchAll(/<h2>([^<]*)<\/h2>/g)].map((match) => match[1]);
    expect(headings).to.deep.equal([
      'What needs attention',
      'Source main',
      'Operation',
      'Compliance checklist',
      'Audit trail',
      'Glossary',
    ]);
    expect(page.indexOf('Every source is protected.')).to.be.lessThan(page.indexOf('<h2>'));
    expect(page).to.contain('certifies nothing');
  });

  it('draws nothing where nothing was backed up', () => {
    const nothing = aSource({
      newestSuccess: null,
      days: [
        {
          day: '2026-11-24',
          completed: 0,
          failed: 0,
          bytes: 0,
          averageSeconds: null,
          longestSeconds: null,
          keptBytes: 0,
        },
      ],
      recoveryTests: { ...aSource().recoveryTests, newest: null, newestPassed: null, history: [] },
    });
    const page = reportPage(
      bodyOf(
        soundFacts({
          sources: [nothing],
          cleanup: null,
          schedules: [],
          audit: { ...soundFacts().audit, head: null },
        }),
      ),
    );
    expect(page)
      .to.not.contain('<svg')
      .and.not.match(/NaN|undefined|Infinity/);
    expect(page)
      .to.contain('there is nothing to draw')
      .and.contain('Cleanup never ran')
      .and.contain('The audit trail is empty');
  });
});

describe('a report on a terminal', () => {
  it('says the headline, what needs attention, each source and the missing lines of the checklist', () => {
    const text = reportText(
      bodyOf(soundFacts({ newestEmergencyAt: null, sources: [aSource({ newestSuccess: null })] })),
    );
    expect(text.split('\n')[0]).to.match(/^0 of 1 source protected; no backup yet;/);
    expect(text).to.contain('critical main: There is no backup of this source.');
    expect(text).to.contain('main: 1 completed, 0 failed; kept 30 (30.0 kB): 30 sound');
    expect(text).to.match(/missing {2}§ 164\.308\(a\)\(7\)\(ii\)\(C\) +Emergency mode/);
    expect(text).to.contain('Audit trail: event 900, abab');
  });

  it('passes on no control character of a name', () => {
    const evil = aSource({
      unknownFiles: [{ kind: 'unknown-file', name: 'a\u001b[2Jb\nc', firstSeenAt: NOW }],
    });
    const text = reportText(bodyOf(soundFacts({ sources: [evil] })));
    expect(text).to.contain('a?[2Jb?c').and.not.contain('\u001b');
  });
});

describe('the axis of a chart', () => {
  const cases: [number, 'bytes' | 'seconds' | 'count', string[]][] = [
    [0, 'count', ['0', '1']],
    [1, 'count', ['0', '1']],
    [4, 'count', ['0', '2', '4']],
    [97, 'count', ['0', '50', '100']],
    [0, 'seconds', ['0 s', '1 s']],
    [0.4, 'seconds', ['0 s', '1 s']],
    [900, 'seconds', ['0 s', '5 min', '10 min', '15 min']],
    [14_400, 'seconds', ['0 s', '2 h', '4 h']],
    [93_600, 'seconds', ['0 s', '12 h', '24 h', '36 h']],
    [900_000, 'seconds', ['0 s', '5 d', '10 d', '15 d']],
    [0, 'bytes', ['0 B', '1 B']],
    [5_000_000_000, 'bytes', ['0 B', '2 GB', '4 GB', '6 GB']],
  ];
  for (const [largest, unit, labels] of cases) {
    it(`up to ${largest} in ${unit} has ${labels.join(', ')}`, () => {
      const { ticks, top } = scaleTo(largest, unit);
      expect(ticks.map((tick) => tick.label)).to.deep.equal(labels);
      expect(top).to.be.at.least(largest);
    });
  }
});
