import type { BackupAnswer } from './api-client.js';
import { formatBytes, formatCount, formatSeconds } from './figures.js';

/** The finished history row, for reading. */
export function finishedBackup(backup: BackupAnswer): string[] {
  const { sizeBytes, archiveBytes, rowCount, tableCount, largeObjectCount } = backup;
  const seconds = (Date.parse(backup.endedAt ?? '') - Date.parse(backup.startedAt ?? '')) / 1000;
  const facts = {
    status: `✓ ${backup.status} in ${formatSeconds(seconds)}`,
    file: backup.fileName ?? '',
    size: `${formatBytes(sizeBytes ?? 0)} (archive inside: ${formatBytes(archiveBytes ?? 0)}, ${backup.compression})`,
    sha256: backup.checksum ?? '',
    content: `${tableCount} tables, ${formatCount(rowCount ?? 0)} rows, ${largeObjectCount} large objects`,
    made: `from PostgreSQL ${backup.postgresVersion} with pg_dump ${backup.pgDumpVersion}`,
  };
  return Object.entries(facts).map(([name, value]) => `  ${name.padEnd(8)} ${value}`);
}
