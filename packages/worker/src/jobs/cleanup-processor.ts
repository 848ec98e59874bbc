import { type AuditEvent, appendAudit } from '@safekeep/shared/audit/audit';
import type { CleanupDecision, CleanupRun } from '@safekeep/shared/contracts/cleanup';
import { fail, type SafekeepError } from '@safekeep/shared/errors';
import { findCleanupRun, writeDecisions } from '@safekeep/shared/history/cleanup-runs';
import type { Database } from '@safekeep/shared/history/database';
import { createRowProcessor } from '@safekeep/shared/jobs/row-processor';
import { WORKER } from '../actor.js';
import { type CleanupDeps, cleanUp } from './cleanup.js';

/** The processor of queue `cleanup`. */
export function createCleanupProcessor(deps: CleanupDeps) {
  return createRowProcessor<CleanupRun, readonly CleanupDecision[]>(deps, {
    table: 'cleanup_runs',
    read: findCleanupRun,
    work: async (cleanup, place) => {
      const decisions = await cleanUp(deps, cleanup, place);
      place.note(inWords(cleanup, decisions));
      return decisions;
    },
    finish: async (db, id, decisions, cleanup) => {
      const failure = failureOf(decisions);
      await writeDecisions(db, id, decisions, failure);
      await audit(db, cleanup, failure === null ? 'ok' : 'failed', detailOf(cleanup, decisions));
    },
    finished: async (cleanup, decisions) => {
      const failure = failureOf(decisions);
      deps.logger[failure === null ? 'info' : 'error']('cleanup ended', {
        cleanupRunId: cleanup.id,
        ...detailOf(cleanup, decisions),
      });
      return count(decisions);
    },
    gaveUp: (db, cleanup, error) => audit(db, cleanup, 'failed', { code: error.code }),
  });
}

function failureOf(decisions: readonly CleanupDecision[]): SafekeepError | null {
  const { failed } = count(decisions);
  return failed === 0 ? null : fail('CLEANUP_INCOMPLETE', { count: failed });
}

function detailOf({ dryRun }: CleanupRun, decisions: readonly CleanupDecision[]) {
  const failure = failureOf(decisions);
  return { ...count(decisions), dryRun, ...(failure !== null && { code: failure.code }) };
}

function count(decisions: readonly CleanupDecision[]) {
  const having = (outcome: CleanupDecision['outcome']) =>
    decisions.filter((decision) => decision.action === 'remove' && decision.outcome === outcome).length;
  const keep = decisions.filter((decision) => decision.action === 'keep').length;
  return {
    removed: having('removed'),
    failed: having('failed'),
    kept: keep + having('kept'),
    wouldRemove: having(undefined),
  };
}

function inWords({ dryRun }: CleanupRun, decisions: readonly CleanupDecision[]): string {
  const { removed, failed, kept, wouldRemove } = count(decisions);
  const wanted = dryRun ? `${wouldRemove} would be removed` : `${removed} removed`;
  return `${wanted}, ${kept} kept${failed > 0 ? `, ${failed} could not be removed` : ''}`;
}

async function audit(
  db: Database,
  cleanup: CleanupRun,
  result: AuditEvent['result'],
  detail: NonNullable<AuditEvent['detail']>,
): Promise<void> {
  const action = 'cleanup.completed';
  await appendAudit(db, { actor: WORKER, action, target: cleanup.id, result, detail });
}
