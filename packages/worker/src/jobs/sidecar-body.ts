import { keyId } from '@safekeep/archive/key';
import type { Sidecar, SidecarBody } from '@safekeep/archive/sidecar';
import type { BackupType } from '@safekeep/shared/contracts/backup';
import type { BackupResult } from '@safekeep/shared/history/backup-outcomes';
import type { BackupFiles } from '@safekeep/shared/storage/backup-names';
import type { PostgresPrograms } from '../postgres/program.js';
import type { Snapshot } from '../postgres/snapshot.js';
import type { SequenceHead } from './backup-journal.js';
import type { WrittenFile } from './write-sealed.js';

/** All that a finished backup knows of itself. */
interface FinishedBackup {
  readonly id: string;
  readonly type: BackupType;
  readonly source: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly names: BackupFiles;
  readonly snapshot: Snapshot;
  readonly programs: PostgresPrograms;
  readonly compression: string;
  readonly passphrase: string;
  readonly file: WrittenFile;
  /** Bytes inside the file. */
  readonly archiveSize: number;
  /** What the snapshot held, and for an incremental what of it is in the archive. */
  readonly contents: Contents;
  readonly companions: SidecarBody['companions'];
  readonly previous: SequenceHead | null;
}

type Contents = Pick<SidecarBody, 'tables' | 'largeObjects'> &
  Partial<Pick<SidecarBody, 'baseId' | 'fingerprint' | 'delta'>>;

/** What a sidecar says of a companion. */
export function companionOf(
  kind: SidecarBody['companions'][number]['kind'],
  fileName: string,
  { bytes, sha256 }: WrittenFile,
): SidecarBody['companions'][number] {
  return { kind, fileName, size: bytes, sha256 };
}

/** The sidecar of a finished backup, before it is authenticated. */
export function sidecarBody(backup: FinishedBackup): SidecarBody {
  const { file, contents, names, snapshot } = backup;
  return {
    formatVersion: 1,
    id: backup.id,
    source: backup.source,
    type: backup.type,
    baseId: null,
    sequence: (backup.previous?.sequence ?? 0) + 1,
    previousHmac: backup.previous?.hmac ?? null,
    fileName: names.data,
    startedAt: backup.startedAt.toISOString(),
    endedAt: backup.endedAt.toISOString(),
    size: file.bytes,
    checksum: file.sha256,
    archiveSize: backup.archiveSize,
    postgresVersion: snapshot.serverVersion,
    pgDumpVersion: backup.programs.version,
    database: snapshot.database,
    ...snapshot.text,
    compression: backup.compression,
    cipher: 'aes-256-cbc-pbkdf2',
    keyId: keyId(backup.passphrase),
    snapshot: snapshot.facts,
    ...contents,
    companions: backup.companions,
  };
}

/** What history keeps of a sidecar. */
export function resultOf(sidecar: Sidecar): BackupResult {
  return {
    fileName: sidecar.fileName,
    startedAt: new Date(sidecar.startedAt),
    endedAt: new Date(sidecar.endedAt),
    sizeBytes: sidecar.size,
    archiveBytes: sidecar.archiveSize,
    checksum: sidecar.checksum,
    keyId: sidecar.keyId,
    compression: sidecar.compression,
    postgresVersion: sidecar.postgresVersion,
    pgDumpVersion: sidecar.pgDumpVersion,
    tableCount: sidecar.tables.length,
    rowCount: sidecar.tables.reduce((sum, table) => sum + table.rows, 0),
    largeObjectCount: sidecar.largeObjects,
    changed: changedOf(sidecar),
    largestTables: largest(sidecar.tables),
    sequence: sidecar.sequence,
    hmac: sidecar.hmac,
  };
}

function changedOf({ delta }: Sidecar): BackupResult['changed'] {
  if (delta === undefined) return null;
  const rows = delta.changed.reduce((sum, table) => sum + table.newRows, 0);
  return { tables: delta.changed.length, rows };
}

function largest(tables: Sidecar['tables']): BackupResult['largestTables'] {
  return tables
    .map(({ schema, name, rows }) => ({ name: `${schema}.${name}`, rows }))
    .sort((a, b) => b.rows - a.rows);
}
