import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { routes } from '../../packages/api/src/routes.js';
import { alertRule } from '../../packages/shared/src/contracts/alert.js';
import { ERRORS } from '../../packages/shared/src/errors.js';
import { QUEUES } from '../../packages/shared/src/queues/contracts.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The cells of the table rows below a heading, up to the next heading of the same rank. */
function rowsBelow(document: string, heading: string): string[][] {
  const rank = /^#+/.exec(heading)?.[0] ?? '';
  const [, chapter = ''] = read(document).split(`\n${heading}\n`);
  const rows = (chapter.split(`\n${rank} `)[0] ?? '').split('\n').filter((line) => line.startsWith('|'));
  return rows.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

describe('docs/OPERATIONS.md', () => {
  it('tells every error code once, with its exit code and what to do', () => {
    const rows = rowsBelow('docs/OPERATIONS.md', '## Error codes').filter(([code]) => code?.startsWith('`'));
    expect(rows.map(([code]) => code?.replaceAll('`', ''))).to.have.members(Object.keys(ERRORS));
    for (const [code = '', exit, , meaning, remedy] of rows) {
      const spec = ERRORS[code.replaceAll('`', '') as keyof typeof ERRORS];
      expect(exit, code).to.equal(String(spec.exitCode));
      expect(meaning, code).to.not.equal('');
      expect(remedy, code).to.match(/\w/);
    }
  });

  it('tells every alert rule', () => {
    const rules = rowsBelow('docs/OPERATIONS.md', '## Alerts').map(([rule]) => rule?.replaceAll('`', ''));
    expect(rules).to.include.members(alertRule.options);
  });

  it('tells every verb and option of the command line', () => {
    const source = read('packages/worker/src/cli/program.ts');
    const chapter = read('docs/OPERATIONS.md').split('\n## All verbs\n')[1]?.split('\n## ')[0] ?? '';
    const options = [...source.matchAll(/'(--[a-z-]+)/g)].map(([, option = '']) => option);
    expect(options.length).to.be.greaterThan(10);
    expect(options.filter((option) => !chapter.includes(option))).to.deep.equal([]);
    const verbs = [...source.matchAll(/(?:verb|direct)\(\s*(?:\w+,\s*)?'(\w[\w-]*)/g)].map(
      ([, verb = '']) => verb,
    );
    expect(verbs.length).to.be.greaterThan(15);
    expect(verbs.filter((verb) => !new RegExp(`\\b${verb}\\b`).test(chapter))).to.deep.equal([]);
    for (const queue of QUEUES) expect(chapter).to.include(`\`${queue}\``);
  });
});

describe('docs/API_DOCUMENTATION.md', () => {
  const table = read('docs/API_DOCUMENTATION.md').split('\n## ')[0] ?? '';

  for (const { method, path, role, status } of routes) {
    it(`lists ${method} ${path} with its role and status`, () => {
      const line = table.split('\n').find((row) => row.startsWith(`| [\`${method} ${path}\`]`));
      const [, , who = '', answer = ''] = (line ?? '').split('|').map((cell) => cell.trim());
      expect(role === null ? who.startsWith('–') : who === role, who).to.equal(true);
      expect(answer).to.match(new RegExp(`^${status}\\b`));
    });
  }

  it('tells every code that a route may answer', () => {
    const chapter = rowsBelow('docs/API_DOCUMENTATION.md', '## When a request fails').flat().join(' ');
    const codes = new Set(routes.flatMap(({ errors }) => errors));
    expect([...codes].filter((code) => !chapter.includes(`\`${code}\``))).to.deep.equal([]);
  });
});
