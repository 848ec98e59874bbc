import type { Secret } from '@safekeep/shared/config/secret';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { findBackup, markPresence } from '@safekeep/shared/history/backups';
import type { Database } from '@safekeep/shared/history/database';
import {
  findRecoveryTest,
  type RecoveryResult,
  writeRecoveryResult,
} from '@safekeep/shared/history/recovery-tests';
import { persist } from '@safekeep/shared/jobs/persist';
import { createRowProcessor } from '@safekeep/shared/jobs/row-processor';
import { requireKept } from '@safekeep/shared/policy/require-kept';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { auditEnd } from './audit-end.js';
import { type RecoverySettings, recoveryTest } from './recovery-test.js';
import { findStoredChain } from './stored-chain.js';

interface RecoveryTestProcessorDeps extends RecoverySettings {
  /** Where the backup files of a source live. */
  readonly storageOf: (source: string) => BackupStorage;
  /** The server for the recovery tests of a source. */
  readonly scratchServerOf: (source: string) => Secret;
}

interface TestRow {
  readonly id: string;
  readonly backup: Backup;
}

/** The processor of the jobs `restore-test`: one backup proved a job. */
export function createRecoveryTestProcessor(deps: RecoveryTestProcessorDeps) {
  return createRowProcessor<TestRow, RecoveryResult>(deps, {
    table: 'recovery_tests',
    read: readRow,
    work: async ({ id, backup }, { run, signal, progress, note }) => {
      requireKept(backup);
      const job = {
        ...(await findStoredChain(deps, backup)),
        id,
        run,
        server: deps.scratchServerOf(backup.source),
        onProgress: progress,
      };
      const result = await recoveryTest(job, deps, signal);
      note(`${result.status}${result.reason === null ? '' : `: ${result.reason}`}`);
      return result;
    },
    finish: async (db, id, result, { backup }) => {
      await writeRecoveryResult(db, id, result);
      const { status } = result;
      await auditEnd(db, backup, `recovery-test.${status}`, status === 'passed' ? 'ok' : 'failed', { id });
    },
    finished: async ({ id, backup }, result) => {
      await tell(deps, id, backup, result);
      return { status: result.status };
    },
    gaveUp: (db, { id, backup }, error) =>
      auditEnd(db, backup, 'recovery-test.error', 'failed', { code: error.code, id }),
  });
}

async function readRow(db: Database, id: string): Promise<TestRow | null> {
  const test = await findRecoveryTest(db, id);
  const backup = test === null ? null : await findBackup(db, test.backupId);
  return backup === null ? null : { id, backup };
}

async function tell(
  deps: RecoveryTestProcessorDeps,
  id: string,
  backup: Backup,
  result: RecoveryResult,
): Promise<void> {
  const { status, reason } = result;
  if (result.findings?.some((finding) => finding.kind === 'backup' && finding.actual === 'file')) {
    if (await persist(() => markPresence(deps.pool, backup.id, false), deps.logger)) {
      deps.logger.warn('a backup file is missing', { backupId: backup.id, file: backup.fileName });
    }
  }
  const facts = { recoveryTestId: id, backupId: backup.id, rtoSeconds: result.rtoSeconds, reason };
  if (status === 'passed') deps.logger.info('a backup passed its recovery test', facts);
  else deps.logger.error('a backup failed its recovery test', facts);
}
