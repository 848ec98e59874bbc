/** What files of Safekeep's are called (docs/BACKUP_FORMAT.md); time zone UTC. */
const STEM = '(full|incremental|emergency)_backup_\\d{8}_\\d{6}';
const DATA = '.pgdump.enc.gz';
/** The endings of all companions that any version writes. */
const COMPANIONS = ['.globals.sql.enc', '.manifest.enc'];

const OWN_NAME = new RegExp(`^${STEM}\\.(pgdump\\.enc\\.gz(\\.meta)?|globals\\.sql\\.enc|manifest\\.enc)$`);
const PARTIAL = /^\.(.+)\.partial$/;
const PLAIN_DUMP = /^emergency_backup_.*\.pgdump$/;

/** All files that a backup may have. */
interface BackupFiles {
  readonly sidecar: string;
  readonly data: string;
  readonly companions: readonly string[];
}

/** The files of the backup whose data file has this name; which companions exist is another question. */
export function filesOf(data: string): BackupFiles {
  const stem = data.endsWith(DATA) ? data.slice(0, -DATA.length) : data;
  return { data, sidecar: `${data}.meta`, companions: COMPANIONS.map((ending) => `${stem}${ending}`) };
}

/** Every name of a backup, the sidecar first: the order in which they may be removed. */
export function namesOf(data: string): string[] {
  const files = filesOf(data);
  return [files.sidecar, files.data, ...files.companions];
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
