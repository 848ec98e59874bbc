import type { Backup, BackupRequestBody, IdempotencyHeader } from '@safekeep/shared/contracts/backup';
import { requestBackup } from '@safekeep/shared/queues/request-backup';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Accepts a backup of a type; the same Idempotency-Key again gives the same backup. */
export function takeBackup(type: 'full' | 'incremental') {
  return async (
    services: Services,
    { input, audit }: Call<{ body: BackupRequestBody; headers: IdempotencyHeader }>,
  ): Promise<Answer<Backup>> => {
    const body = await requestBackup(services, {
      source: input.body.source,
      type,
      via: 'api',
      actor: audit.actor,
      idempotencyKey: input.headers['idempotency-key'] ?? null,
    });
    return { body };
  };
}
