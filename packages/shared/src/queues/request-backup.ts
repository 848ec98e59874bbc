import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type Actor, appendAudit } from '../audit/audit.js';
import type { Backup } from '../contracts/backup.js';
import { fail, SafekeepError } from '../errors.js';
import { failQueuedBackup, findBackupByIdempotencyKey, insertBackup } from '../history/backups.js';
import { sourceUnknown } from '../policy/require-source.js';
import type { Producer } from './producer.js';

export interface BackupRequest {
  readonly source: string;
  readonly type: 'full' | 'incremental';
  readonly via: 'api' | 'cli' | 'schedule';
  readonly actor: Actor;
  /** Given by a person with a user id only. */
  readonly idempotencyKey: string | null;
}

/**
 * Accepts a backup: the history row first, then the job. The row is the truth, so a job that cannot be queued ends its
 * row as failed and is never queued later. Each outcome, also a refusal, leaves one audit event.
 *
 * @throws SafekeepError SOURCE_UNKNOWN, IDEMPOTENCY_KEY_REUSED, QUEUE_UNAVAILABLE
 */
export async function requestBackup(
  deps: { readonly pool: pg.Pool; readonly producer: Producer; readonly sourceNames: readonly string[] },
  request: BackupRequest,
): Promise<Backup> {
  if (!deps.sourceNames.includes(request.source)) {
    return refuse(deps.pool, request, null, sourceUnknown(request.source, deps.sourceNames));
  }
  const backup = await insertBackup(deps.pool, {
    id: randomUUID(),
    source: request.source,
    type: request.type,
    requestedVia: request.via,
    requestedBy: request.actor.id,
    idempotencyKey: request.idempotencyKey,
  });
  if (backup === null) return replay(deps.pool, request);
  try {
    await deps.producer.enqueue('backup', request.type, backup.id, { backupId: backup.id });
  } catch (error) {
    const reason = error instanceof SafekeepError ? error : fail('QUEUE_UNAVAILABLE', {}, error);
    // Where the queue took the job but its answer was lost, a worker may have begun: then the request was accepted.
    if (await failQueuedBackup(deps.pool, backup.id, reason))
      return refuse(deps.pool, request, backup.id, reason);
  }
  await audit(deps.pool, request, backup.id, null);
  return backup;
}

/** The same key again: the same backup, and the same refusal where the first request was refused. */
async function replay(pool: pg.Pool, request: BackupRequest): Promise<Backup> {
  const earlier = await findBackupByIdempotencyKey(
    pool,
    request.actor.id ?? '',
    request.idempotencyKey ?? '',
  );
  if (earlier === null || earlier.source !== request.source || earlier.requestedType !== request.type) {
    return refuse(pool, request, earlier?.id ?? null, fail('IDEMPOTENCY_KEY_REUSED'));
  }
  if (earlier.error?.code === 'QUEUE_UNAVAILABLE') {
    return refuse(pool, request, earlier.id, fail('QUEUE_UNAVAILABLE'));
  }
  await audit(pool, request, earlier.id, null);
  return earlier;
}

async function refuse(
  pool: pg.Pool,
  request: BackupRequest,
  id: string | null,
  reason: SafekeepError,
): Promise<never> {
  await audit(pool, request, id, reason);
  throw reason;
}

async function audit(
  pool: pg.Pool,
  request: BackupRequest,
  id: string | null,
  reason: SafekeepError | null,
): Promise<void> {
  const result = reason === null ? 'ok' : reason.httpStatus < 500 ? 'refused' : 'failed';
  const detail = {
    source: request.source,
    type: request.type,
    ...(reason !== null && { code: reason.code }),
  };
  await appendAudit(pool, { actor: request.actor, action: 'backup.request', target: id, result, detail });
}
