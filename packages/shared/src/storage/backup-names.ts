import type { BackupType } from '../contracts/backup.js';

/** What files of Safekeep's are called (docs/BACKUP_FORMAT.md). */
const STEM = '(full|incremental|emergency)_backup_\\d{8}_\\d{6}';
const DATA = '.pgdump.enc.gz';
const OWN_NAME = new RegExp(`^${STEM}\\.(pgdump\\.enc\\.gz(\\.meta)?|globals\\.sql\\.enc|manifest\\.enc)$`);
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

/** The manual's emergency dump, made with pg_dump alone: not encrypted. */
export function isPlainDump(name: string): boolean {
  return PLAIN_DUMP.test(name);
}
