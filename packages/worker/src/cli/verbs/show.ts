import { formatBackup } from '../format-backup.js';
import { knownBackup } from '../known-backup.js';
import { print } from '../print.js';
import type { CliSession } from '../session.js';

/** `backup.sh show ID` */
export async function showVerb(session: CliSession, id: string): Promise<number> {
  const backup = await knownBackup(session, id);
  print(session.options, backup, () => formatBackup(backup));
  return 0;
}
