import { holdRequest } from '@safekeep/shared/contracts/cleanup';
import { setHold } from '@safekeep/shared/history/legal-holds';
import { formatBackup } from '../format-backup.js';
import { knownBackup } from '../known-backup.js';
import { print } from '../print.js';
import { readOptions } from '../read-options.js';
import type { CliSession } from '../session.js';

/** `backup.sh hold ID --reason …` */
export async function holdVerb(session: CliSession, id: string): Promise<number> {
  return changeHold(session, id, true);
}

/** `backup.sh release ID --reason …` */
export async function releaseVerb(session: CliSession, id: string): Promise<number> {
  return changeHold(session, id, false);
}

async function changeHold(session: CliSession, id: string, hold: boolean): Promise<number> {
  const { pool, options, actor } = session;
  const { reason } = readOptions(holdRequest, { hold, reason: options.reason });
  const { id: backupId } = await knownBackup(session, id);
  const backup = await setHold(pool, { backupId, hold, reason, actor });
  print(options, backup, () => formatBackup(backup));
  return 0;
}
