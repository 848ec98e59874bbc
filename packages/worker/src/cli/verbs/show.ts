import { backupId } from '@safekeep/shared/contracts/backup';
import { fail } from '@safekeep/shared/errors';
import { findBackup } from '@safekeep/shared/history/backups';
import { formatBackup } from '../format-backup.js';
import { print } from '../print.js';
import type { CliSession } from '../session.js';

/** `backup.sh show ID` */
export async function showVerb(session: CliSession, id: string): Promise<number> {
  const given = backupId.safeParse({ id });
  if (!given.success)
    throw fail('REQUEST_INVALID', { problems: `"${id}" is not the id of a backup, which is a UUID` });
  const backup = await findBackup(session.pool, given.data.id);
  const { source } = session.options;
  if (backup === null || (source !== undefined && source !== backup.source))
    throw fail('BACKUP_UNKNOWN', { id });
  print(session.options, backup, () => formatBackup(backup));
  return 0;
}
