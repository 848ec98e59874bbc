import { finalNameOf, isOwnName, isPlainDump, namesOf, PROBE } from '../storage/backup-names.js';
import type { DirectoryEntry } from '../storage/contract.js';

type FindingKind = 'unknown-file' | 'missing-file' | 'stray-partial' | 'strange-file';

/** Something that stands in the backup directory and should not, or does not and should. */
export interface StorageFinding {
  readonly kind: FindingKind;
  readonly name: string;
  /** Bytes, where there is a file. */
  readonly sizeBytes: number | null;
}

/** A backup as history knows it. */
export interface KnownBackup {
  readonly id: string;
  readonly fileName: string;
  /** `removing`: retention has disposed of it, its files may be there still. */
  readonly status: 'completed' | 'missing' | 'removing';
}

/** What history knows of a source's files. */
export interface KnownFiles {
  readonly backups: readonly KnownBackup[];
  /** Data files that runs write now, or that dead runs left and nobody has settled yet. */
  readonly runFiles: readonly string[];
}

export interface Inventory {
  readonly findings: readonly StorageFinding[];
  /** Completed backups whose data file is not there. */
  readonly gone: readonly KnownBackup[];
  /** Missing backups whose data file is there again; only a verification makes them completed. */
  readonly back: readonly KnownBackup[];
  /** Bytes in files of known backups. */
  readonly backupBytes: number;
  /** History knows backups and not one file of theirs is here: rather a volume that is not mounted than a loss of all. */
  readonly looksUnmounted: boolean;
}

/** Unfinished files that were written to so lately may be those of an emergency backup, which history does not know. In ms. */
const STILL_WRITTEN = 5 * 60_000;

/** Compares a directory with history. Directories of other names are other sources' or nobody's, and not looked at. */
export function takeInventory(entries: readonly DirectoryEntry[], known: KnownFiles, now: Date): Inventory {
  const { backups, runFiles } = known;
  const expected = new Set([...backups.map((backup) => backup.fileName), ...runFiles].flatMap(namesOf));
  const written = new Set(runFiles.flatMap(namesOf));
  const here = new Map(entries.map((entry) => [entry.name, entry]));
  const kept = backups.filter((backup) => backup.status !== 'removing');
  const strays = entries.flatMap((entry) => judge(entry, expected, written, now));
  const files = entries.filter((entry) => entry.kind === 'file' && expected.has(entry.name));
  return {
    findings: [...kept.flatMap((backup) => missingOf(backup, here)), ...strays],
    gone: kept.filter((backup) => backup.status === 'completed' && !here.has(backup.fileName)),
    back: kept.filter((backup) => backup.status === 'missing' && here.get(backup.fileName)?.kind === 'file'),
    backupBytes: files.reduce((sum, entry) => sum + entry.sizeBytes, 0),
    looksUnmounted:
      kept.length > 0 && !kept.some((backup) => namesOf(backup.fileName).some((name) => here.has(name))),
  };
}

function judge(
  entry: DirectoryEntry,
  expected: ReadonlySet<string>,
  written: ReadonlySet<string>,
  now: Date,
): StorageFinding[] {
  const { name, kind, sizeBytes } = entry;
  const final = finalNameOf(name);
  if (kind !== 'file') {
    const ours = expected.has(name) || isOwnName(name) || final !== null;
    return ours ? [{ kind: 'strange-file', name, sizeBytes: null }] : [];
  }
  if (expected.has(name) || isOfTheFileSystem(name)) return [];
  if (final === null && !name.startsWith(PROBE)) return [{ kind: 'unknown-file', name, sizeBytes }];
  const alive = written.has(final ?? '') || now.getTime() - entry.modifiedAt.getTime() < STILL_WRITTEN;
  return alive ? [] : [{ kind: 'stray-partial', name, sizeBytes }];
}

function missingOf(backup: KnownBackup, here: ReadonlyMap<string, DirectoryEntry>): StorageFinding[] {
  const [sidecar = '', data = ''] = namesOf(backup.fileName);
  const names = here.has(data) ? [sidecar] : [data];
  return names
    .filter((name) => !here.has(name))
    .map((name) => ({ kind: 'missing-file', name, sizeBytes: null }));
}

/** NFS keeps a removed file that somebody has open under such a name, and removes it by itself. */
function isOfTheFileSystem(name: string): boolean {
  return name.startsWith('.nfs');
}

/** What a finding means and what to do, in a sentence. */
export function explainFinding({ kind, name }: Pick<StorageFinding, 'kind' | 'name'>): string {
  switch (kind) {
    case 'missing-file':
      return name.endsWith('.meta')
        ? 'the sidecar of a backup is gone: without it the backup cannot be verified; bring it back from a copy of the volume'
        : 'the file of a backup is gone: bring it back from a copy of the volume, then verify it';
    case 'stray-partial':
      return strayInWords(name);
    case 'strange-file':
      return 'a link, directory or device under a name of Safekeep’s; it is neither followed nor removed: find out who put it there';
    case 'unknown-file':
      return unknownInWords(name);
  }
}

/** Nobody may sweep the file of an emergency backup: history does not know whether one runs. */
function strayInWords(name: string): string {
  if (name.startsWith('.emergency_'))
    return 'an unfinished file of an emergency backup that was killed; if none is running, remove it';
  return 'left by a worker that was killed; another one removes it within a minute';
}

function unknownInWords(name: string): string {
  if (isPlainDump(name))
    return 'an emergency dump made by hand: it is NOT ENCRYPTED; take an encrypted backup, then delete it or move it to where plain health records may be';
  return isOwnName(name)
    ? 'history knows no backup of this name; if it is one, `backup.sh catalog rebuild` finds it by its sidecar'
    : 'not a file of Safekeep’s; it is left alone';
}
