import type { CleanupDecision, CleanupRun } from '@safekeep/shared/contracts/cleanup';
import { bytes } from '@safekeep/shared/format';
import { findCleanupRun } from '@safekeep/shared/history/cleanup-runs';
import { requestCleanup } from '@safekeep/shared/queues/request-cleanup';
import { print, table } from '../print.js';
import { hintOf } from '../recorded-error.js';
import type { CliSession } from '../session.js';
import { warnOfFindings } from '../storage-warnings.js';
import { watchJob } from '../watch-job.js';

/** `backup.sh cleanup [--dry-run]`; all sources unless one is named. */
export async function cleanupVerb(session: CliSession): Promise<number> {
  const { options, pool, config, actor } = session;
  const deps = { pool, producer: session.producer(), sourceNames: config.sourceNames };
  const dryRun = options.dryRun === true;
  const asked = await requestCleanup(deps, { dryRun, source: options.source ?? null, via: 'cli', actor });
  if (options.wait === false) {
    print(options, asked, () => `queued cleanup ${asked.id}`);
    return 0;
  }
  const ended = await watchJob<CleanupRun>(session, asked, `cleanup ${asked.id}`, (id) =>
    findCleanupRun(pool, id),
  );
  print(options, ended, () => formatCleanup(ended));
  await warnOfFindings(session);
  return ended.status === 'completed' ? 0 : 1;
}

/** A line for each backup with its reason, then the sums. */
function formatCleanup({ decisions, dryRun, status, reason, errorCode }: CleanupRun): string {
  const all = decisions ?? [];
  const rows = all.map((decision) => [
    decision.source,
    verb(decision, dryRun),
    decision.type,
    decision.fileName,
    bytes(decision.sizeBytes),
    decision.reason,
  ]);
  const lines = [
    rows.length === 0
      ? 'no backups to decide about'
      : table(['source', 'decision', 'type', 'file', 'size', 'why'], rows),
    sums(all, dryRun),
  ];
  if (status === 'failed') lines.push(`FAILED: ${reason ?? ''}${hintOf(errorCode)}`);
  return lines.join('\n');
}

function verb({ action, outcome }: CleanupDecision, dryRun: boolean): string {
  if (action === 'keep') return 'keep';
  if (outcome === 'failed') return 'FAILED';
  if (outcome === 'kept') return 'left alone';
  return dryRun ? 'would remove' : 'removed';
}

function sums(all: readonly CleanupDecision[], dryRun: boolean): string {
  const going = all.filter(
    ({ action, outcome }) => action === 'remove' && (outcome === 'removed' || outcome === undefined),
  );
  const size = going.reduce((sum, decision) => sum + (decision.sizeBytes ?? 0), 0);
  const kept = all.length - going.length;
  return `${going.length} ${dryRun ? 'would be removed' : 'removed'} (${bytes(size)}), ${kept} kept`;
}
