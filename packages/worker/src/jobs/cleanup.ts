import type { CleanupDecision, CleanupRun } from '@safekeep/shared/contracts/cleanup';
import { SafekeepError } from '@safekeep/shared/errors';
import { readCautiousTime } from '@safekeep/shared/history/clock';
import { listDisposed, listUnfinishedDisposals } from '@safekeep/shared/history/disposals';
import { listRetained, listRetainedSources } from '@safekeep/shared/history/retained-backups';
import type { WorkPlace } from '@safekeep/shared/jobs/row-processor';
import { describeError } from '@safekeep/shared/logger';
import {
  decideRetention,
  type RetentionDecision,
  type RetentionPolicy,
  removalOrder,
} from '@safekeep/shared/policy/retention';
import { WORKER } from '../actor.js';
import { type DisposeDeps, dispose, type Outcome, removeFiles } from './dispose.js';
import { type InventoryDeps, inventory } from './inventory.js';

export type CleanupDeps = DisposeDeps & InventoryDeps & { readonly policy: RetentionPolicy };

/**
 * Decides about every backup, and removes what has expired unless it is a dry run. May be repeated: what an attempt that
 * died has disposed of is finished and told again.
 */
export async function cleanUp(
  deps: CleanupDeps,
  cleanup: CleanupRun,
  place: Pick<WorkPlace, 'run' | 'signal' | 'progress'>,
): Promise<CleanupDecision[]> {
  const sources = cleanup.source === null ? await allSources(deps) : [cleanup.source];
  const decisions: CleanupDecision[] = [];
  for (const [at, source] of sources.entries()) {
    place.signal.throwIfAborted();
    decisions.push(...(await cleanSource(deps, cleanup, source, place)));
    place.progress({ percent: Math.floor(((at + 1) / sources.length) * 100) });
  }
  const told = new Set(decisions.map((decision) => decision.backupId));
  const earlier = (await listDisposed(deps.pool, cleanup.id)).filter(({ backupId }) => !told.has(backupId));
  return [...decisions, ...earlier];
}

/** Also sources without a backup have a directory to look at. */
async function allSources({ pool, policy }: CleanupDeps): Promise<string[]> {
  return [...new Set([...policy.sources, ...(await listRetainedSources(pool))])];
}

async function cleanSource(
  deps: CleanupDeps,
  cleanup: CleanupRun,
  source: string,
  place: Pick<WorkPlace, 'run' | 'signal'>,
): Promise<CleanupDecision[]> {
  const decide = (backups: Parameters<typeof decideRetention>[0], now: Date) =>
    decideRetention(backups, deps.policy, now);
  const unusable = await findObstacle(deps, source, cleanup.dryRun);
  const decisions = decide(await listRetained(deps.pool, source), await readCautiousTime(deps.pool));
  if (unusable !== null) return decisions.map((decision) => obstructed(decision, unusable));
  if (cleanup.dryRun) return decisions.map((decision) => toRow(decision));
  const outcomes = new Map<string, Outcome>();
  for (const { backup, reason } of removalOrder(decisions)) {
    place.signal.throwIfAborted();
    const disposal = { run: place.run, cleanupRunId: cleanup.id, actor: WORKER, decide };
    outcomes.set(backup.id, await dispose(deps, deps.storageOf(source), backup, disposal, reason));
  }
  return decisions.map((decision) => toRow(decision, outcomes.get(decision.backup.id)));
}

/** Why nothing of a source may be removed now; when nothing stands against it, what earlier cleanups left undone is done. */
async function findObstacle(deps: CleanupDeps, source: string, dryRun: boolean): Promise<string | null> {
  if (!deps.policy.sources.includes(source)) return null;
  const storage = deps.storageOf(source);
  try {
    await storage.check();
    const found = await inventory(deps, source);
    if (found.looksUnmounted) return 'not one file of any backup is in the directory: is its volume mounted?';
    if (dryRun) return null;
    for (const backup of await listUnfinishedDisposals(deps.pool, source))
      await removeFiles(deps, storage, backup, 'begun by an earlier cleanup');
    return null;
  } catch (error) {
    if (!(error instanceof SafekeepError)) throw error;
    deps.logger.error('nothing of this source can be removed', { source, error: describeError(error) });
    return error.message;
  }
}

function obstructed(decision: RetentionDecision, why: string): CleanupDecision {
  if (decision.action === 'keep') return toRow(decision);
  return toRow(decision, { outcome: 'failed', reason: `${decision.reason}; not removed: ${why}` });
}

function toRow({ backup, action, reason }: RetentionDecision, outcome?: Outcome): CleanupDecision {
  const { id: backupId, source, type, fileName, sizeBytes } = backup;
  return { backupId, source, type, fileName, sizeBytes, action, reason, ...outcome };
}
