import { type Backup, historyQuery } from '@safekeep/shared/contracts/backup';
import { bytes, duration, time } from '@safekeep/shared/format';
import { listBackups } from '@safekeep/shared/history/backups';
import { requireSource } from '@safekeep/shared/policy/require-source';
import { print, table } from '../print.js';
import { readOptions } from '../read-options.js';
import type { CliSession } from '../session.js';

/**
 * What retention has to do with a backup belongs beside its status: files that it removed are not lost. So does that an
 * incremental restores nothing.
 */
function statusInList(backup: Backup): string {
  if (backup.disposedAt !== null) return 'disposed';
  const useless =
    backup.baseId !== null && backup.status === 'completed' && backup.baseStatus !== 'completed';
  return `${backup.status}${useless ? ', base missing' : ''}${backup.legalHold ? ', held' : ''}`;
}

/** `backup.sh list` */
export async function listVerb(session: CliSession): Promise<number> {
  const { source, status, limit } = session.options;
  const query = readOptions(historyQuery, { source, status, limit });
  const { backups, total } = await listBackups(session.pool, query);
  // A source that was taken out of the configuration may still have a history.
  if (source !== undefined && total === 0) requireSource(source, session.config.sourceNames);
  print(session.options, backups, () => {
    if (backups.length === 0) return 'no backups yet; take the first with: backup.sh full';
    const rows = backups.map((backup) => [
      backup.id,
      backup.source,
      backup.type,
      statusInList(backup),
      time(backup.startedAt ?? backup.createdAt),
      duration(backup.startedAt, backup.endedAt),
      bytes(backup.sizeBytes),
      backup.fileName ?? backup.error?.code ?? '',
    ]);
    const more = total > backups.length ? `\n${total} in all; --limit ${total} shows them` : '';
    return table(['id', 'source', 'type', 'status', 'started (UTC)', 'took', 'size', 'file'], rows) + more;
  });
  return 0;
}
