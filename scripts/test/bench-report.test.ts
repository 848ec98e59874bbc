import { expect } from 'chai';
import { judge } from '../bench/goals.js';
import type { BackupRun, Measurements, Run, Scenario } from '../bench/measurements.js';
import { variantsOf } from '../bench/pgbackrest.js';
import { goalsTable, makeReport, type Setting, toMarkdown } from '../bench/report.js';
import { comparison, figure, noFigure } from '../bench/row.js';

const SETTING: Setting = {
  machine: {
    cpu: 'A processor',
    cores: 2,
    memoryBytes: 16e9,
    kernel: '6.1',
    postgres: '15.1',
    node: 'v20',
    openssl: 'OpenSSL 3',
    pgBackRest: '2.45',
  },
  databaseBytes: 1e9,
  pairs: 2,
  load: [0.1, 2],
  seconds: 600,
};

const NOTHING: Measurements = { full: [], scenarios: [], proofs: [], chains: [], physical: {}, sizes: [] };

function backup(seconds: number, bytes: number, more: Partial<BackupRun> = {}): BackupRun {
  const memory = { before: 50e6, process: 150e6, tree: 200e6 };
  const facts = { id: 'id', fileName: 'file', type: 'full', promotedReason: null, hasManifest: true };
  return { seconds, secondsFromRequest: seconds, bytes, memory, ...facts, ...more };
}

function scenario(more: Partial<Scenario>): Scenario {
  const increments = [backup(2, 100_000, { type: 'incremental' })];
  const change = { kind: 'updates', percent: 0.1 } as const;
  return { change, rows: 3400, base: backup(40, 400e6), increments, physical: {}, ...more };
}

function report(measurements: Partial<Measurements>, notes: string[] = []) {
  return makeReport(SETTING, { ...NOTHING, ...measurements }, { memory: true }, notes);
}

const fullPair = (safekeep: number, pipe: number) => ({
  load: 1,
  runs: {
    safekeep: backup(safekeep, 400e6),
    plain: backup(safekeep - 4, 400e6, { hasManifest: false }),
    pipe: { seconds: pipe, bytes: 410e6 },
  },
});

describe('the table of the benchmark', () => {
  it('makes ratios within each pair and shows their middle and ends', () => {
    const { rows } = report({ full: [fullPair(30, 40), fullPair(36, 45), fullPair(35, 50)] });
    const row = rows.find(({ key }) => key === 'full/pipe/seconds');
    expect(row?.ratio).to.deep.equal({ median: 0.75, min: 0.7, max: 0.8 });
    expect(row?.measured?.median).to.equal(35);
    expect(row?.reference?.median).to.equal(45);
  });

  it('has only rows of what was measured', () => {
    const keys = report({ full: [fullPair(30, 40)] }).rows.map(({ key }) => key);
    expect(keys).to.include('full/full-without-hashes/seconds').and.not.include('full/floor/seconds');
    expect(report({}).rows).to.deep.equal([]);
  });

  it('puts an incremental beside its own base, in time and in bytes', () => {
    const text = toMarkdown(report({ scenarios: [scenario({})] }));
    expect(text).to.match(
      /after 0\.1 % scattered updates \(3 400 rows\) ÷ .* \| 2\.0 s \| 40\.0 s \| \*\*0\.050\*\*/,
    );
    expect(text).to.match(/÷ the full it builds on, bytes \| 100 kB \| 400 MB \| \*\*0\.00025\*\*/);
  });

  it('never shows a promoted incremental as one', () => {
    const increments = [backup(41, 400e6, { promotedReason: 'There is no base.' })];
    const promoted = report({ scenarios: [scenario({ increments })] });
    const text = toMarkdown(promoted);
    expect(text).to.match(
      /\*\*NO INCREMENTAL\*\* after 0\.1 % .*There is no base\. \| {2}\| {2}\| {2}\| {2}\|/,
    );
    expect(text)
      .to.match(/^- \*\*Not incremental\*\*: .*There is no base\.$/m)
      .and.not.include('41.0 s');
    expect(text.match(/NO INCREMENTAL/g)).to.have.length(1);
    expect(promoted.goals.find(({ what }) => what.startsWith('incremental'))?.verdict).to.equal('missed');
  });

  it('says what the contenders of Safekeep did not do as asked', () => {
    const [asked, nothing] = [fullPair(30, 40), fullPair(30, 40)];
    const without = { ...asked, runs: { ...asked.runs, safekeep: backup(30, 1, { hasManifest: false }) } };
    const kept = { ...asked, runs: { ...asked.runs, plain: backup(30, 1) } };
    expect(report({ full: [nothing] }).notes).to.deep.equal([]);
    expect(report({ full: [without] }).notes.join()).to.include('No manifest');
    expect(report({ full: [kept] }).notes.join()).to.include('Hashes not off');
  });

  it('tells what a restored chain holds, and divides it by both of its restores by hand', () => {
    const [stockBase, stockIncrement] = [10, 2].map((seconds) => ({ seconds, bytes: 0 })) as [Run, Run];
    const { change } = scenario({});
    const text = toMarkdown(
      report({ chains: [{ change, restore: backup(18, 1), stockBase, stockIncrement }] }),
    );
    expect(text).to.match(
      /base and incremental of 0\.1 % scattered updates .* 18\.0 s \| 12\.0 s \| \*\*1\.50/,
    );
    expect(text).to.match(/applied by stock `pg_restore` ÷ .* 2\.0 s \| 10\.0 s \| \*\*0\.20/);
  });

  it('stands beside pgBackRest, and tells the WAL that belongs to its backups', () => {
    const run = { seconds: 5, bytes: 200e6, walBytes: 30e6 };
    const text = toMarkdown(
      report({ scenarios: [scenario({ physical: { 'gz 9': run } })], physical: { 'gz 9': [run] } }),
    );
    expect(text).to.match(/÷ pgBackRest incr \(gz 9\) \| 2\.0 s \| 5\.0 s \| \*\*0\.40\*\*/);
    expect(text).to.match(/full ÷ pgBackRest full \(gz 9\) \| 40\.0 s \| 5\.0 s/);
    expect(text).to.include('30.0 MB (gz 9)');
  });

  it('is a table that Markdown can read, whatever a reason for a promotion holds', () => {
    const increments = [backup(41, 1, { promotedReason: 'a | b' })];
    const text = toMarkdown(
      report({
        full: [fullPair(30, 40)],
        scenarios: [scenario({ increments })],
        proofs: [
          {
            stock: { seconds: 20, bytes: 0 },
            verification: { seconds: 5, bytes: 0, memory: backup(1, 1).memory },
          },
        ],
      }),
    );
    for (const line of text.split('\n').filter((each) => each.startsWith('|'))) {
      expect(line.match(/(?<!\\)\|/g), line).to.have.length(6);
    }
  });
});

describe('the goals of the benchmark', () => {
  const seconds = (key: string, ratio: number) =>
    comparison({ key, what: '', unit: 'seconds' }, [[ratio, 1]]);
  const bytes = (key: string, peak: number) => figure({ key, what: '', unit: 'bytes' }, [1, peak]);
  const cases: [string, Parameters<typeof judge>[0], string, string][] = [
    ['at the limit', [seconds('full/pipe/seconds', 0.75)], 'full ÷ shell pipe, time', 'met'],
    ['above it', [seconds('full/pipe/seconds', 0.76)], 'full ÷ shell pipe, time', 'missed'],
    ['not measured', [], 'full ÷ shell pipe, time', 'not measured'],
    [
      'promoted',
      [noFigure({ key: 'incremental/updates-0.1/full/bytes', what: '', unit: 'bytes' })],
      'incremental after 0.1 % scattered updates ÷ full, bytes',
      'missed',
    ],
    [
      'one peak of several too high',
      [bytes('memory/full backups', 300e6), bytes('memory/restores', 351e6)],
      'memory of the worker and its programs, highest of all jobs',
      'missed',
    ],
    ['memory that shrinks', [seconds('memory-of-sizes', 0.7)], 'memory, largest ÷ smallest clinic', 'missed'],
    ['memory that stays', [seconds('memory-of-sizes', 1.1)], 'memory, largest ÷ smallest clinic', 'met'],
  ];
  for (const [name, rows, what, verdict] of cases) {
    it(`are ${verdict}: ${name}`, () => {
      expect(judge(rows).find((goal) => goal.what === what)?.verdict).to.equal(verdict);
    });
  }

  it('are a table, one line each', () => {
    const goals = judge([seconds('verification/stock/seconds', 0.3)]);
    expect(goalsTable(goals)).to.include(
      '| deep verification ÷ restore by pg_restore, time | at most 0.333 | 0.300 | met |',
    );
  });
});

describe('pgBackRest in the benchmark', () => {
  const facts = { version: '2', bundles: true } as const;
  const cases: [Parameters<typeof variantsOf>[0], string, string][] = [
    [{ ...facts, blocks: 'yes' }, 'zst, bundles, blocks', ''],
    [{ ...facts, blocks: 'beta' }, 'zst, bundles, blocks (beta)', '--beta'],
    [{ ...facts, blocks: 'no' }, 'zst, bundles', ''],
    [{ version: '2', bundles: false, blocks: 'no' }, 'zst', ''],
  ];
  for (const [installed, name, words] of cases) {
    it(`uses what its version has: ${name}`, () => {
      const quickest = variantsOf(installed).at(-1);
      expect([quickest?.name, quickest?.words]).to.deep.equal([name, words]);
    });
  }
});
