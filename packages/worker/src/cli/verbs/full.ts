import type { CliSession } from '../session.js';
import { takeBackup } from '../take-backup.js';

/** `backup.sh full` */
export function fullVerb(session: CliSession): Promise<number> {
  return takeBackup(session, 'full');
}
