import { count } from '../../format.js';
import type { Rule, WantedAlert } from './wanted-alert.js';
import { utc } from './wording.js';

/** Backups whose file is gone without retention having removed it, or whose sidecar or companion is. */
export const missingFiles: Rule = ({ missing, findings }) => [
  ...missing.map(
    ({ source, backups, newestFile, newestBackupId }): WantedAlert => ({
      rule: 'missing-files',
      severity: 'critical',
      source,
      subject: '',
      message: `The file of ${count(backups, 'backup')} of "${source}" is gone, and retention did not remove it; the newest is ${newestFile ?? newestBackupId}. Bring the file back from a copy, or take a new backup (backup.sh full --source ${source}), and find out who removed it.`,
      detail: { backups, backupId: newestBackupId },
    }),
  ),
  ...findings
    .filter(({ kind }) => kind === 'missing-file')
    .map(
      ({ source, files, since }): WantedAlert => ({
        rule: 'missing-files',
        severity: 'critical',
        source,
        subject: 'files',
        message: `${count(files, 'file')} that backups of "${source}" need ${files === 1 ? 'is' : 'are'} missing in the backup directory since ${utc(since)}. Bring them back from a copy, or take a new backup: backup.sh full --source ${source}.`,
        detail: { files },
      }),
    ),
];
