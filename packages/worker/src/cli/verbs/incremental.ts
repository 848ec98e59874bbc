import type { CliSession } from '../session.js';
import { takeBackup } from '../take-backup.js';

/** `backup.sh incremental` */
export function incrementalVerb(session: CliSession): Promise<number> {
  return takeBackup(session, 'incremental');
}
