import { type Backup, backupId } from '@safekeep/shared/contracts/backup';
import { fail } from '@safekeep/shared/errors';
import { findBackup } from '@safekeep/shared/history/backups';
import { requireSource } from '@safekeep/shared/policy/require-source';
import type { CliSession } from './session.js';

/** The backup that a command names; with --source only one of that source. */
export async function knownBackup(session: CliSession, id: string): Promise<Backup> {
  const given = backupId.safeParse({ id });
  if (!given.success)
    throw fail('REQUEST_INVALID', { problems: `"${id}" is not the id of a backup, which is a UUID` });
  const backup = await findBackup(session.pool, given.data.id);
  const { source } = session.options;
  if (backup !== null && (source === undefined || source === backup.source)) return backup;
  // A source that was taken out of the configuration may still have backups, so it is looked at last.
  if (source !== undefined) requireSource(source, session.config.sourceNames);
  throw fail('BACKUP_UNKNOWN', { id });
}
