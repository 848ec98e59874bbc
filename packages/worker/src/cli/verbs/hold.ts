import { holdRequest } from '@safekeep/shared/contracts/cleanup';
import { fail } from '@safekeep/shared/errors';
import { setHold } from '@safekeep/shared/history/legal-holds';
import { formatBackup } from '../format-backup.js';
import { knownBackup } from '../known-backup.js';
import { print } from '../print.js';
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
  const given = holdRequest.safeParse({ hold, reason: options.reason });
  if (!given.success) {
    const problems = given.error.issues.map((issue) => `--reason: ${issue.message}`);
    throw fail('REQUEST_INVALID', { problems: problems.join('; ') });
  }
  const { id: backupId } = await knownBackup(session, id);
  const backup = await setHold(pool, { backupId, hold, reason: given.data.reason, actor });
  print(options, backup, () => formatBackup(backup));
  return 0;
}
