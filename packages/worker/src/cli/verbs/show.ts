import type { BackupDetail } from '@safekeep/shared/contracts/backup-detail';
import { listRecoveryTests } from '@safekeep/shared/history/recovery-tests';
import { listVerifications } from '@safekeep/shared/history/verifications';
import { formatBackup } from '../format-backup.js';
import { formatProofs } from '../format-proofs.js';
import { knownBackup } from '../known-backup.js';
import { print } from '../print.js';
import type { CliSession } from '../session.js';

/** `backup.sh show ID`: what GET /backup/:id answers. */
export async function showVerb(session: CliSession, id: string): Promise<number> {
  const backup = await knownBackup(session, id);
  const verifications = await listVerifications(session.pool, backup.id);
  const recoveryTests = await listRecoveryTests(session.pool, backup.id);
  const detail: BackupDetail = { ...backup, verifications, recoveryTests };
  print(session.options, detail, () =>
    `${formatBackup(backup)}\n${formatProofs(verifications, recoveryTests)}`.trimEnd(),
  );
  return 0;
}
