import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type Actor, appendAudit } from '../audit/audit.js';
import type { Verification } from '../contracts/verification.js';
import { fail, SafekeepError } from '../errors.js';
import { findBackup } from '../history/backups.js';
import { failQueuedVerification, insertVerification } from '../history/verifications.js';
import type { Producer } from './producer.js';

export interface VerificationRequest {
  readonly backupId: string;
  readonly via: 'api' | 'cli';
  readonly actor: Actor;
  /** Free text of the person who asks. */
  readonly note: string | null;
}

/**
 * Accepts a verification: the history row first, then the job. Each outcome, also a refusal, leaves one audit event.
 *
 * @throws SafekeepError BACKUP_UNKNOWN, BACKUP_NOT_COMPLETED, QUEUE_UNAVAILABLE
 */
export async function requestVerification(
  deps: { readonly pool: pg.Pool; readonly producer: Producer },
  request: VerificationRequest,
): Promise<Verification> {
  try {
    const verification = await accept(deps, request);
    await audit(deps.pool, request, 'ok', { verification: verification.id });
    return verification;
  } catch (error) {
    const result =
      error instanceof SafekeepError && error.code !== 'QUEUE_UNAVAILABLE' ? 'refused' : 'failed';
    if (error instanceof SafekeepError) await audit(deps.pool, request, result, { code: error.code });
    throw error;
  }
}

async function accept(
  deps: { readonly pool: pg.Pool; readonly producer: Producer },
  request: VerificationRequest,
): Promise<Verification> {
  const backup = await findBackup(deps.pool, request.backupId);
  if (backup === null) throw fail('BACKUP_UNKNOWN', { id: request.backupId });
  if (backup.status !== 'completed' && backup.status !== 'missing') {
    throw fail('BACKUP_NOT_COMPLETED', { id: backup.id, status: backup.status });
  }
  const verification = await insertVerification(deps.pool, {
    id: randomUUID(),
    backupId: backup.id,
    requestedVia: request.via,
    requestedBy: request.actor.id,
    note: request.note,
  });
  try {
    await deps.producer.enqueue('verify', 'verify', verification.id, { verificationId: verification.id });
  } catch (error) {
    const reason = error instanceof SafekeepError ? error : fail('QUEUE_UNAVAILABLE', {}, error);
    // Where the queue took the job but its answer was lost, a worker may have begun: then the request was accepted.
    if (await failQueuedVerification(deps.pool, verification.id, reason)) throw reason;
  }
  return verification;
}

async function audit(
  pool: pg.Pool,
  request: VerificationRequest,
  result: 'ok' | 'refused' | 'failed',
  detail: Record<string, string>,
): Promise<void> {
  await appendAudit(pool, {
    actor: request.actor,
    action: 'verification.request',
    target: request.backupId,
    result,
    detail,
  });
}
