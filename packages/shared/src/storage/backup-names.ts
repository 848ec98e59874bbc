import type { BackupType } from '../contracts/backup.js';

/** What files of Safekeep's are called (docs/BACKUP_FORMAT.md). */
const STEM = '(full|incremental|emergency)_backup_\\d{8}_\\d{6}';
const DATA = '.pgdump.enc.gz';
const OWN_NAME = new RegExp(`^${STEM}\\.(pgdump\\.enc\\.gz(\\.meta)?|globals\\.sql\\.enc|manifest\\.enc)$`);
const NAME_OF_DATA =
  /^(full|incremental|emergency)_backup_(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)\.pgdump\.enc\.gz$/;
const PARTIAL = /^\.(.+)\.partial$/;
const PLAIN_DUMP = /^emergency_backup_.*\.pgdump$/;

/** All files that a backup may have; which companions exist is another question. The sidecar first: the order in which they may be removed. */
export interface BackupFiles {
  readonly sidecar: string;
  readonly data: string;
  readonly globals: string;
  readonly manifest: string;
}

/** The files of the backup whose data file has this name. */
export function filesOf(data: string): BackupFiles {
  const stem = data.endsWith(DATA) ? data.slice(0, -DATA.length) : data;
  return {
    sidecar: `${data}.meta`,
    data,
    globals: `${stem}.globals.sql.enc`,
    manifest: `${stem}.manifest.enc`,
  };
}

/** Every name of a backup, in the order in which they may be removed. */
export function namesOf(data: string): string[] {
  return Object.values(filesOf(data));
}

/** The files of a backup by the time of its run's start. */
export function filesAt(type: BackupType, startedAt: Date): BackupFiles {
  return filesOf(`${type}_backup_${stamp(startedAt)}${DATA}`);
}

/** What the name of a backup's data file tells of it; `null` when it is no such name. */
export function readName(data: string): { readonly type: BackupType; readonly startedAt: Date } | null {
  const found = NAME_OF_DATA.exec(data);
  if (found === null) return null;
  const [, type, year, month, day, hour, minute, second] = found;
  const startedAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(startedAt.getTime()) ? null : { type: type as BackupType, startedAt };
}

/** `20240101_020000`, in UTC. */
export function stamp(time: Date): string {
  const digits = time.toISOString().replace(/\D/g, '');
  return `${digits.slice(0, 8)}_${digits.slice(8, 14)}`;
}

/** Whether a file of Safekeep's could have this name. */
export function isOwnName(name: string): boolean {
  return OWN_NAME.test(name);
}

/** The name that a hidden, unfinished file of Safekeep's would get; `null` for any other name. */
export function finalNameOf(partial: string): string | null {
  const name = PARTIAL.exec(partial)?.[1];
  return name !== undefined && isOwnName(name) ? name : null;
}

/** How the names of files begin by which a directory is tried; one stays where a process is killed meanwhile. */
export const PROBE = '.safekeep-probe-';

/** The manual's emergency dump, made with pg_dump alone: not encrypted. */
export function isPlainDump(name: string): boolean {
  return PLAIN_DUMP.test(name);
}
