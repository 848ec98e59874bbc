import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** A document without its code, in which brackets and signs mean other things. */
function prose(path: string): string {
  return readFileSync(path, 'utf8').replaceAll(/^\s*```[\s\S]*?^\s*```$/gm, '');
}

/** The anchors that GitHub makes of a document's headings. */
function anchorsOf(path: string): Set<string> {
  const headings = prose(path).match(/^#+ .*$/gm) ?? [];
  const anchor = (heading: string) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
  return new Set(headings.map(anchor));
}

describe('Links in the documents', () => {
  for (const document of DOCUMENTS) {
    it(`of ${document} lead to files and headings that exist`, () => {
      const path = join(ROOT, document);
      const broken: string[] = [];
      for (const [, target = ''] of prose(path).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [file = '', anchor] = target.split('#');
        const to = file === '' ? path : join(dirname(path), file);
        const there = existsSync(to) && (anchor === undefined || anchorsOf(to).has(anchor));
        if (!there) broken.push(target);
      }
      expect(broken).to.deep.equal([]);
    });
  }
});
