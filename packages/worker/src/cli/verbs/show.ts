import { withProofs } from '@safekeep/shared/history/backup-detail';
import { formatBackup } from '../format-backup.js';
import { formatProofs } from '../format-proofs.js';
import { knownBackup } from '../known-backup.js';
import { print } from '../print.js';
import type { CliSession } from '../session.js';

/** `backup.sh show ID`: what GET /backup/:id answers. */
export async function showVerb(session: CliSession, id: string): Promise<number> {
  const backup = await withProofs(session.pool, await knownBackup(session, id));
  print(session.options, backup, () =>
    `${formatBackup(backup)}\n${formatProofs(backup.verifications, backup.recoveryTests)}`.trimEnd(),
  );
  return 0;
}
