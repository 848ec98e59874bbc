import type { Stats } from 'node:fs';
import type { DirectoryEntry } from './contract.js';

/** What stands under a name, in words for a message. */
export const KINDS = {
  file: 'an ordinary file',
  directory: 'a directory',
  link: 'a symbolic link',
  special: 'a special file',
} as const satisfies Record<DirectoryEntry['kind'], string>;

export function kindOf(facts: Stats): DirectoryEntry['kind'] {
  if (facts.isFile()) return 'file';
  if (facts.isDirectory()) return 'directory';
  return facts.isSymbolicLink() ? 'link' : 'special';
}
