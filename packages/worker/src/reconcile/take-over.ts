import { ArchiveError } from '@safekeep/archive/archive-error';
import { parseSidecar, type Sidecar } from '@safekeep/archive/sidecar';
import type { Secret } from '@safekeep/shared/config/secret';
import type { Source } from '@safekeep/shared/config/sources';
import { type LostRun, markSwept } from '@safekeep/shared/history/backup-claims';
import { writeResult } from '@safekeep/shared/history/backup-outcomes';
import { inTransaction } from '@safekeep/shared/history/database';
import { describeError, type Logger } from '@safekeep/shared/logger';
import { filesOf, namesOf } from '@safekeep/shared/storage/backup-names';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import type pg from 'pg';
import { auditEnd } from '../jobs/audit-end.js';
import { resultOf } from '../jobs/sidecar-body.js';
import { endDeadSessions } from './end-dead-sessions.js';

interface TakeOver {
  readonly source: Source;
  readonly pool: pg.Pool;
  readonly logger: Logger;
  readonly storage: BackupStorage;
  readonly encryptionKey: Secret;
}

/**
 * Settles what dead runs of a source left, before its next writer starts. Hidden files go first: a frozen run that
 * wakes up finds nothing to publish. Their sessions on the source end. Then each run either had published its sidecar, and its backup is completed from
 * it, or its visible files never counted, and are removed.
 *
 * Only the run that holds the source's claim may call this, or who keeps others from claiming it.
 *
 * @returns the ids of the backups that were completed from their sidecars.
 */
export async function takeOver(deps: TakeOver, lost: readonly LostRun[]): Promise<ReadonlySet<string>> {
  const adopted = new Set<string>();
  if (lost.length === 0) return adopted;
  const swept = await deps.storage.sweepPartials();
  const runs = lost.map((run) => run.id);
  deps.logger.warn('took over from dead runs', { runs, swept });
  await endDeadSessions(deps.source, runs, deps.logger);
  for (const run of lost) {
    if (run.fileName !== null && (await settle(deps, run, run.fileName))) adopted.add(run.backupId);
    await markSwept(deps.pool, run.id);
  }
  return adopted;
}

/** Whether the run's backup turned out to be complete. */
async function settle(deps: TakeOver, run: LostRun, fileName: string): Promise<boolean> {
  const names = filesOf(fileName);
  const text = await deps.storage.read(names.sidecar);
  if (text === null) {
    for (const name of namesOf(fileName)) await deps.storage.remove(name);
    return false;
  }
  const sidecar = authenticated(deps, run, text);
  if (sidecar === null) return false;
  const backup = { id: run.backupId, source: deps.source.name };
  const completed = await inTransaction(deps.pool, async (db) => {
    if (!(await writeResult(db, run.backupId, resultOf(sidecar)))) return false;
    await auditEnd(db, backup, 'backup.completed', 'ok', { file: fileName, from: 'sidecar' });
    return true;
  });
  if (!completed) {
    deps.logger.error('a published backup had ended otherwise', { backupId: run.backupId, file: fileName });
    return false;
  }
  deps.logger.info('completed a backup from its sidecar', { backupId: run.backupId, file: fileName });
  return true;
}

/** A file that does not authenticate is kept for an inquiry, and believed by nobody. */
function authenticated(deps: TakeOver, run: LostRun, text: string): Sidecar | null {
  try {
    const sidecar = parseSidecar(text, deps.encryptionKey.reveal());
    if (sidecar.id === run.backupId) return sidecar;
    deps.logger.error('a sidecar names another backup than its run', { runId: run.id, file: run.fileName });
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    deps.logger.error('a sidecar does not authenticate', { runId: run.id, error: describeError(error) });
  }
  return null;
}
