import type { RecoveryTest } from '@safekeep/shared/contracts/recovery-test';
import { fail } from '@safekeep/shared/errors';
import { findBackupToProve, findRecoveryTest } from '@safekeep/shared/history/recovery-tests';
import { requireSource } from '@safekeep/shared/policy/require-source';
import { requestRecoveryTest } from '@safekeep/shared/queues/request-recovery-test';
import { describeRecoveryTest } from '../format-recovery-test.js';
import { knownBackup } from '../known-backup.js';
import { print } from '../print.js';
import { exitCodeOfError } from '../recorded-error.js';
import type { CliSession } from '../session.js';
import { watchJob } from '../watch-job.js';

/**
 * `backup.sh verify [id]`: restores one backup into a scratch database and compares it; without an id the newest verified
 * one of the source. Exits with 5 when it failed. (The queue is called `restore-test`; the verb `test` checks files.)
 */
export async function verifyVerb(session: CliSession, id?: string): Promise<number> {
  const backup = id === undefined ? await newest(session) : (await knownBackup(session, id)).id;
  const asked = await requestRecoveryTest(
    { pool: session.pool, producer: session.producer() },
    { backupId: backup, via: 'cli', actor: session.actor, note: null },
  );
  if (session.options.wait === false) {
    print(session.options, asked, () => `queued the recovery test ${asked.id} of backup ${asked.backupId}`);
    return 0;
  }
  const test = await watchJob(session, asked, `recovery test of ${backup}`, (row) =>
    findRecoveryTest(session.pool, row),
  );
  print(session.options, test, () => describeRecoveryTest(test));
  return exitCodeOf(test);
}

function exitCodeOf({ status, errorCode }: RecoveryTest): number {
  if (status === 'passed') return 0;
  return status === 'failed' ? 5 : exitCodeOfError(errorCode);
}

async function newest(session: CliSession): Promise<string> {
  const { source = 'main' } = session.options;
  requireSource(source, session.config.sourceNames);
  const backup = await findBackupToProve(session.pool, source);
  if (backup === null) throw fail('NOTHING_TO_PROVE', { source });
  if (!backup.verified) {
    process.stderr.write(
      `warning: no backup of ${source} has passed a verification; taking the newest, ${backup.id}\n`,
    );
  }
  return backup.id;
}
