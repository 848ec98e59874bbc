import type { Secret } from '@safekeep/shared/config/secret';
import type { Backup } from '@safekeep/shared/contracts/backup';
import type { CheckProgress } from '@safekeep/shared/contracts/verification';
import { findBackup, markPresence } from '@safekeep/shared/history/backups';
import type { Database } from '@safekeep/shared/history/database';
import { findVerification, writeFinding } from '@safekeep/shared/history/verifications';
import { persist } from '@safekeep/shared/jobs/persist';
import { createRowProcessor } from '@safekeep/shared/jobs/row-processor';
import type { Logger } from '@safekeep/shared/logger';
import { requireKept } from '@safekeep/shared/policy/require-kept';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import type pg from 'pg';
import { auditEnd } from './audit-end.js';
import { findStoredChain } from './stored-chain.js';
import { type Finding, verify } from './verify.js';

interface VerifyProcessorDeps {
  readonly pool: pg.Pool;
  readonly logger: Logger;
  readonly encryptionKey: Secret;
  /** Where the backup files of a source live. */
  readonly storageOf: (source: string) => BackupStorage;
  /** Folders that may hold PostgreSQL's programs. */
  readonly programDirectories: readonly string[];
}

/** The processor of queue `verify`: one stored backup a job. */
export function createVerifyProcessor(deps: VerifyProcessorDeps) {
  return createRowProcessor<Backup, Finding>(deps, {
    table: 'verifications',
    read: readBackup,
    work: async (backup, { signal, progress, note }) => {
      requireKept(backup);
      const finding = await verify(
        {
          ...(await findStoredChain(deps, backup)),
          programDirectories: deps.programDirectories,
          onProgress: (done, total) => progress(checkProgress(done, total)),
        },
        signal,
      );
      note(`verdict ${finding.verdict}${finding.reason === null ? '' : `: ${finding.reason}`}`);
      return finding;
    },
    finish: async (db, id, finding, backup) => {
      await writeFinding(db, id, finding);
      await audit(db, backup, finding);
    },
    finished: async (backup, finding) => {
      await tell(deps, backup, finding);
      return { verdict: finding.verdict };
    },
    gaveUp: (db, backup, error) => auditEnd(db, backup, 'verification.error', 'failed', { code: error.code }),
  });
}

async function readBackup(db: Database, id: string): Promise<Backup | null> {
  const verification = await findVerification(db, id);
  return verification === null ? null : findBackup(db, verification.backupId);
}

function checkProgress(doneBytes: number, totalBytes: number): CheckProgress {
  const percent = Math.floor((doneBytes / Math.max(1, totalBytes)) * 1000) / 10;
  return { percent, doneBytes, totalBytes };
}

async function audit(db: Database, backup: Backup, { verdict }: Finding): Promise<void> {
  const detail = { verdict: verdict ?? 'unknown' };
  if (verdict === 'sound') await auditEnd(db, backup, 'verification.passed', 'ok', detail);
  else await auditEnd(db, backup, 'verification.failed', 'failed', detail);
}

/** A file that is gone, or is there again, changes its backup's row. */
async function tell(deps: VerifyProcessorDeps, backup: Backup, finding: Finding): Promise<void> {
  const verdict = finding.verdict ?? 'unknown';
  const present = verdict !== 'file' && verdict !== 'sidecar';
  if (verdict === 'file' || verdict === 'sound') {
    if (await persist(() => markPresence(deps.pool, backup.id, present), deps.logger)) {
      deps.logger.warn(present ? 'a missing backup file is there again' : 'a backup file is missing', {
        backupId: backup.id,
        file: backup.fileName,
      });
    }
  }
  if (verdict !== 'sound') {
    deps.logger.error('a backup failed its verification', {
      backupId: backup.id,
      verdict,
      reason: finding.reason,
    });
  }
}
