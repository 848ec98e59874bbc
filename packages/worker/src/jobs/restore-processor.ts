import type { Secret } from '@safekeep/shared/config/secret';
import type { Source } from '@safekeep/shared/config/sources';
import type { Backup } from '@safekeep/shared/contracts/backup';
import type { Restore } from '@safekeep/shared/contracts/restore';
import { fail } from '@safekeep/shared/errors';
import { findBackup } from '@safekeep/shared/history/backups';
import type { Database } from '@safekeep/shared/history/database';
import { findRestore, type RestoreResult, writeRestoreResult } from '@safekeep/shared/history/restores';
import { createRowProcessor, type WorkPlace } from '@safekeep/shared/jobs/row-processor';
import type { Logger } from '@safekeep/shared/logger';
import { requireKept } from '@safekeep/shared/policy/require-kept';
import { sourceUnknown } from '@safekeep/shared/policy/require-source';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import type pg from 'pg';
import { auditEnd } from './audit-end.js';
import { restore } from './restore.js';
import { DistrustError } from './stored-backup.js';
import { findStoredChain } from './stored-chain.js';

interface RestoreProcessorDeps {
  readonly pool: pg.Pool;
  readonly logger: Logger;
  readonly encryptionKey: Secret;
  readonly storageOf: (source: string) => BackupStorage;
  readonly sources: readonly Source[];
  /** RESTORE_DATABASE_URL; where it is not set, backups are restored to the server of their source. */
  readonly restoreUrl: Secret | undefined;
  readonly historyUrl: Secret;
  readonly programDirectories: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

interface RestoreRow {
  readonly restore: Restore;
  readonly backup: Backup;
}

/** The processor of the job `restore` of queue `restore-test`: one backup into one database. */
export function createRestoreProcessor(deps: RestoreProcessorDeps) {
  return createRowProcessor<RestoreRow, RestoreResult>(deps, {
    table: 'restores',
    read: readRow,
    work: (row, place) => carryOut(deps, row, place),
    finish: async (db, id, result, { restore: row, backup }) => {
      await writeRestoreResult(db, id, result);
      const [detail, { failure }] = [detailOf(row), result];
      if (failure === null) await auditEnd(db, backup, 'restore.completed', 'ok', detail);
      else await auditEnd(db, backup, 'restore.failed', 'failed', { ...detail, code: failure.code });
    },
    finished: async ({ restore: row }, { failure, facts, findings }) => {
      if (failure !== null)
        deps.logger.error('a restored copy differs from its backup', { ...detailOf(row), findings });
      return { status: failure === null ? 'completed' : 'failed', ...facts };
    },
    gaveUp: (db, { restore: row, backup }, error) =>
      auditEnd(db, backup, 'restore.failed', 'failed', { ...detailOf(row), code: error.code }),
  });
}

function detailOf({ id, targetDatabase }: Restore) {
  return { restore: id, database: targetDatabase };
}

async function readRow(db: Database, id: string): Promise<RestoreRow | null> {
  const row = await findRestore(db, id);
  const backup = row === null ? null : await findBackup(db, row.backupId);
  return row === null || backup === null ? null : { restore: row, backup };
}

async function carryOut(
  deps: RestoreProcessorDeps,
  { restore: row, backup }: RestoreRow,
  place: WorkPlace,
): Promise<RestoreResult> {
  requireKept(backup);
  const source = deps.sources.find(({ name }) => name === backup.source)?.url ?? null;
  const server = deps.restoreUrl ?? source;
  if (server === null) {
    const configured = deps.sources.map(({ name }) => name);
    throw sourceUnknown(backup.source, configured);
  }
  const stored = await findStoredChain(deps, backup);
  const { logger, historyUrl: history, programDirectories, environment } = deps;
  const settings = { logger, server, source, history, programDirectories, environment };
  try {
    const result = await restore(
      { restore: row, stored, token: place.run.token, onProgress: place.progress },
      settings,
      place.signal,
    );
    const { failure } = result;
    place.note(failure === null ? 'restored and compared: equal' : `${failure.code}: ${failure.message}`);
    return result;
  } catch (error) {
    if (!(error instanceof DistrustError)) throw error;
    const { verdict, reason } = error.distrust;
    throw fail('BACKUP_DISTRUSTED', { id: backup.id, verdict, reason }, error);
  }
}
