import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type Actor, appendAudit } from '../audit/audit.js';
import type { Backup } from '../contracts/backup.js';
import { fail, SafekeepError } from '../errors.js';
import { acceptRequest, isDecided, refusalOf, refuseRequest } from '../history/backup-requests.js';
import { findBackup, findBackupByIdempotencyKey, insertBackup } from '../history/backups.js';
import { type Database, inRepeatableTransaction } from '../history/database.js';
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

interface Deps {
  readonly pool: pg.Pool;
  readonly producer: Producer;
  readonly sourceNames: readonly string[];
}

/**
 * Accepts a backup: the history row and its audit event first, then the job. The row is the truth, so a job that cannot be
 * queued ends its row as failed and is never queued later. Requests with one Idempotency-Key, however many come at
 * once and to whatever process, are one backup and get one answer.
 *
 * @throws SafekeepError SOURCE_UNKNOWN, IDEMPOTENCY_KEY_REUSED, QUEUE_UNAVAILABLE, QUEUE_FULL
 */
export async function requestBackup(deps: Deps, request: BackupRequest): Promise<Backup> {
  if (!deps.sourceNames.includes(request.source)) {
    return refuse(deps.pool, request, null, sourceUnknown(request.source, deps.sourceNames));
  }
  const backup = await insert(deps.pool, request, randomUUID());
  if (backup === null) return replay(deps, request);
  const refusal = refusalOf(await queue(deps, request, backup));
  if (refusal !== null) throw refusal;
  return backup;
}

/** The row, or `null` where the key was used before. A lost answer of history is asked for once more. */
async function insert(pool: pg.Pool, request: BackupRequest, id: string): Promise<Backup | null> {
  const { source, type, via, actor, idempotencyKey } = request;
  return inRepeatableTransaction(pool, async (db) => {
    const asked = { requestedVia: via, requestedBy: actor.id, idempotencyKey };
    const backup = await insertBackup(db, { id, source, type, ...asked });
    if (backup === null) return findBackup(db, id);
    await audit(db, request, id, null);
    return backup;
  });
}

/**
 * Puts a backup on its queue, or ends it. With a key others may do so at the same time: whose word reaches the row first
 * decides for all, and the row that is returned tells.
 */
async function queue({ pool, producer }: Deps, request: BackupRequest, backup: Backup): Promise<Backup> {
  try {
    await producer.enqueue('backup', request.type, backup.id, { backupId: backup.id });
  } catch (error) {
    const reason = error instanceof SafekeepError ? error : fail('QUEUE_UNAVAILABLE', {}, error);
    // Where the queue took the job but its answer was lost, a worker may have begun: then the request was accepted.
    const tell = (db: Database) => auditRefusal(db, request, backup.id, reason);
    return (await refuseRequest(pool, backup.id, reason, tell)) ?? backup;
  }
  if (request.idempotencyKey === null) return backup;
  return (await acceptRequest(pool, backup.id)) ?? backup;
}

/** The same key again: the same backup, and the same refusal where the first request was refused. */
async function replay(deps: Deps, request: BackupRequest): Promise<Backup> {
  const { pool } = deps;
  const earlier = await findBackupByIdempotencyKey(
    pool,
    request.actor.id ?? '',
    request.idempotencyKey ?? '',
  );
  if (earlier === null || earlier.source !== request.source || earlier.requestedType !== request.type) {
    return refuse(pool, request, earlier?.id ?? null, fail('IDEMPOTENCY_KEY_REUSED'));
  }
  // The first request may still wait for the queue, or its process may have died meanwhile.
  const decided = await isDecided(pool, earlier.id);
  const answer = decided ? await findBackup(pool, earlier.id) : await queue(deps, request, earlier);
  const refusal = refusalOf(answer ?? earlier);
  if (refusal !== null) return refuse(pool, request, earlier.id, refusal);
  await audit(pool, request, earlier.id, null);
  return answer ?? earlier;
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
  db: Database,
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
  await appendAudit(db, { actor: request.actor, action: 'backup.request', target: id, result, detail });
}

async function auditRefusal(
  db: Database,
  { actor, source, type }: BackupRequest,
  id: string,
  { code }: SafekeepError,
): Promise<void> {
  const event = { actor, action: 'backup.failed', target: id, result: 'failed' } as const;
  await appendAudit(db, { ...event, detail: { source, type, code } });
}
