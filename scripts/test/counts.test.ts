import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Counts, countMocha, sumUp } from './counts.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('The last line of npm test', () => {
  const passed = { passed: 3, failures: [], skipped: 0 };
  const failed = { passed: 0, failures: ['Lint'], skipped: 0 };
  const rows: [string, Counts[], string, number][] = [
    ['sums up stages and tests', [{ passed: 1, failures: [], skipped: 0 }, passed], '4 passed, 0 failed', 0],
    ['names skipped tests', [{ ...passed, skipped: 2 }], '3 passed, 0 failed, 2 skipped', 0],
    ['fails with one failure and names it above', [passed, failed], 'FAILED: Lint\n\n3 passed, 1 failed', 1],
  ];
  for (const [promise, counts, text, exitCode] of rows) {
    it(promise, () => expect(sumUp(counts)).to.deep.equal({ text, exitCode }));
  }

  it('shows the beginning of a failure that says a lot', () => {
    const { text } = sumUp([{ ...failed, failures: [`long: ${'x'.repeat(10_000)}`] }]);
    expect(text)
      .to.match(/^FAILED: long: x+ …\n\n0 passed, 1 failed$/)
      .and.to.have.length.below(700);
  });
});

describe('What a run of mocha counts for', () => {
  const rows: [string, string, number][] = [
    [
      'passed, failed and skipped tests as they are',
      "it('a', () => {}); it.skip('b', () => {}); it('c', () => { throw new Error('c'); });",
      1,
    ],
    ['a failed hook as a failure', "before(() => { throw new Error('hook'); }); it('a', () => {});", 1],
    [
      'a crash in the middle as one failure more',
      "it('a', () => {}); it('b', () => process.exit(0)); it('c', () => {});",
      1,
    ],
    ['a file that cannot be loaded as a failure', 'this is no JavaScript', 1],
    ['no test at all as a failure', '', 1],
    ['only passing tests as a success', "it('a', () => {});", 0],
  ];
  for (const [promise, source, failed] of rows) {
    it(`counts ${promise}`, () => {
      const counts = runMocha(source);
      expect(counts.failures).to.have.length(failed);
      expect(counts.skipped).to.equal(source.includes('skip') ? 1 : 0);
    });
  }

  it('counts a failure exit of mocha without a failed test', () => {
    const counts = countMocha({ passed: 2, failures: [], skipped: 0, ended: true }, 1);
    expect(counts.passed).to.equal(2);
    expect(counts.failures).to.have.length(1);
  });

  it('names a failed test with its reason, and a failed hook', () => {
    const source = `describe('outer', () => { before(() => {}); it('inner', () => { throw new Error('why'); }); });
      describe('hooked', () => { before(() => { throw new Error('broken'); }); it('b', () => {}); });`;
    const { failures } = runMocha(source);
    expect(failures[0]).to.equal('outer inner: why');
    expect(failures[1]).to.match(/^hooked "before all" hook.*: broken$/);
  });
});

/** Runs a test file with this repository's reporter, apart from this repository's own tests. */
function runMocha(source: string): Counts {
  const folder = mkdtempSync(join(ROOT, 'node_modules/.counts-test-'));
  const [spec, file] = [join(folder, 'sample.spec.mjs'), join(folder, 'counts.json')];
  writeFileSync(spec, source);
  const reporter = [
    '--reporter',
    'scripts/test/counting-reporter.mjs',
    '--reporter-option',
    `counts=${file}`,
  ];
  const mocha = join(ROOT, 'node_modules/.bin/mocha');
  const { status } = spawnSync(mocha, ['--no-config', '--no-package', ...reporter, spec], { cwd: ROOT });
  let written: (Counts & { ended: boolean }) | undefined;
  try {
    written = JSON.parse(readFileSync(file, 'utf8')) as Counts & { ended: boolean };
  } catch {
    written = undefined;
  }
  rmSync(folder, { recursive: true });
  return countMocha(written, status ?? 1);
}
