import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A change of text in one file; what is looked for must stand there once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const FILES = ['package.json', '.mocharc.json', 'tsconfig.base.json', 'packages', 'scripts'];

/** mocha's arguments for single files of the sources. */
export const MOCHA = [
  'mocha',
  '--no-config',
  '--node-option=import=tsx/esm',
  '--node-option=conditions=source',
];

/** Lets `use` work in a copy of the tree in which these texts are changed; it shares what is installed. */
export async function inMutatedTree<T>(
  edits: readonly Edit[],
  use: (copy: string) => T | Promise<T>,
): Promise<T> {
  const copy = mkdtempSync(join(tmpdir(), 'safekeep-mutation-'));
  try {
    copyTree(copy);
    for (const edit of edits) change(copy, edit);
    return await use(copy);
  } finally {
    rmSync(copy, { recursive: true, maxRetries: 5 });
  }
}

function copyTree(copy: string): void {
  for (const name of FILES) {
    cpSync(join(ROOT, name), join(copy, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith('/dist') && !path.endsWith('.tsbuildinfo'),
    });
  }
  symlinkSync(resolve(ROOT, 'node_modules'), join(copy, 'node_modules'));
}

function change(copy: string, { file, find, replace }: Edit): void {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2) throw new Error(`${file} does not have this text once: ${find}`);
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
}
