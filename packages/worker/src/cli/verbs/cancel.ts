import { findBackup } from '@safekeep/shared/history/backups';
import { cancelBackup } from '@safekeep/shared/history/cancel-backup';
import { formatBackup } from '../format-backup.js';
import { knownBackup } from '../known-backup.js';
import { print } from '../print.js';
import type { CliSession } from '../session.js';
import { watchJob } from '../watch-job.js';

/** `backup.sh cancel ID`: waits until the backup has ended, and fails where that was in another way. */
export async function cancelVerb(session: CliSession, id: string): Promise<number> {
  const { pool, options, actor } = session;
  const { id: backupId } = await knownBackup(session, id);
  const asked = await cancelBackup(pool, { backupId, actor });
  if (options.wait === false) {
    print(options, asked, () =>
      asked.status === 'cancelled'
        ? `cancelled backup ${backupId}`
        : `asked the worker of backup ${backupId} to stop`,
    );
    return 0;
  }
  const ended = await watchJob(session, asked, `cancelling backup ${backupId}`, (row) =>
    findBackup(pool, row),
  );
  print(options, ended, () => formatBackup(ended));
  if (ended.status === 'cancelled') return 0;
  process.stderr.write(`too late: the backup had ended as ${ended.status}\n`);
  return 1;
}
