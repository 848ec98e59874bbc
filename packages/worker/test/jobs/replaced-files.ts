import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { TakenBackup } from './stored-backup-of.js';

/** Backups of another database: one with the key of the first, one with a key of its own. */
export interface OtherBackups {
  readonly sameKey: TakenBackup;
  readonly otherKey: TakenBackup;
}

/** Something else in the place of a backup's file or sidecar, and where whoever reads it must stop. */
export interface Replacement {
  readonly what: string;
  readonly replace: (taken: TakenBackup, others: OtherBackups) => void;
  /** The step that fails, or the error that it is. */
  readonly stop: 'file' | 'sidecar' | 'size' | 'KEY_UNKNOWN';
}

export const REPLACEMENTS: readonly Replacement[] = [
  { what: 'a directory for the file', replace: ({ file }) => intoDirectory(file), stop: 'file' },
  { what: 'a link to the very file', replace: ({ file }) => intoLink(file), stop: 'file' },
  { what: 'no file', replace: ({ file }) => rmSync(file), stop: 'file' },
  { what: 'an empty file', replace: ({ file }) => truncateSync(file), stop: 'size' },
  {
    what: 'the file of another backup',
    replace: ({ file }, { sameKey }) => cpSync(sameKey.file, file),
    stop: 'size',
  },
  {
    what: 'a file of another key',
    replace: ({ file }, { otherKey }) => cpSync(otherKey.file, file),
    stop: 'size',
  },
  {
    what: 'a directory for the sidecar',
    replace: ({ file }) => intoDirectory(`${file}.meta`),
    stop: 'sidecar',
  },
  { what: 'a link to the very sidecar', replace: ({ file }) => intoLink(`${file}.meta`), stop: 'sidecar' },
  { what: 'no sidecar', replace: ({ file }) => rmSync(`${file}.meta`), stop: 'sidecar' },
  { what: 'an empty sidecar', replace: ({ file }) => truncateSync(`${file}.meta`), stop: 'sidecar' },
  {
    what: 'the sidecar of another backup',
    replace: ({ file }, { sameKey }) => cpSync(`${sameKey.file}.meta`, `${file}.meta`),
    stop: 'sidecar',
  },
  {
    what: 'file and sidecar of another backup',
    replace: ({ file }, { sameKey }) => copyPair(sameKey.file, file),
    stop: 'sidecar',
  },
  {
    what: 'file and sidecar of another key',
    replace: ({ file }, { otherKey }) => copyPair(otherKey.file, file),
    stop: 'KEY_UNKNOWN',
  },
];

/** Puts something else in a backup's place until `work` has ended. */
export async function whileReplaced<T>(
  taken: TakenBackup,
  others: OtherBackups,
  { replace }: Replacement,
  work: () => Promise<T>,
): Promise<T> {
  const pristine = `${taken.directory}.pristine`;
  cpSync(taken.directory, pristine, { recursive: true });
  try {
    replace(taken, others);
    return await work();
  } finally {
    rmSync(taken.directory, { recursive: true });
    renameSync(pristine, taken.directory);
  }
}

function intoDirectory(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

function intoLink(path: string): void {
  const elsewhere = join(path, '..', 'elsewhere');
  renameSync(path, elsewhere);
  symlinkSync(elsewhere, path);
}

function copyPair(from: string, to: string): void {
  cpSync(from, to);
  cpSync(`${from}.meta`, `${to}.meta`);
}
