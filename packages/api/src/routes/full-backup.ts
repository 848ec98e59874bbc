import type { Backup, FullBackupRequest, IdempotencyHeader } from '@safekeep/shared/contracts/backup';
import { requestBackup } from '@safekeep/shared/queues/request-backup';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Accepts a full backup; the same Idempotency-Key again gives the same backup. */
export async function requestFullBackup(
  services: Services,
  { input, audit }: Call<{ body: FullBackupRequest; headers: IdempotencyHeader }>,
): Promise<Answer<Backup>> {
  const body = await requestBackup(services, {
    source: input.body.source,
    type: 'full',
    via: 'api',
    actor: audit.actor,
    idempotencyKey: input.headers['idempotency-key'] ?? null,
  });
  return { body };
}
