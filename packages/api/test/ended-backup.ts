import { randomUUID } from 'node:crypto';
import type { TestApi } from './test-api.js';

/** A backup of main that has ended, as history would hold it; a `disposed` one was removed by retention. Its id. */
export async function addEndedBackup(
  api: TestApi,
  ended: 'completed' | 'failed' | 'missing' | 'disposed',
): Promise<string> {
  const id = randomUUID();
  const code = ended === 'failed' ? 'DISK_FULL' : null;
  const disposed = ended === 'disposed' ? [new Date(), 'expired'] : [null, null];
  await api.pool.query(
    `INSERT INTO backups (id, source, type, requested_type, status, requested_via, ended_at, file_name, checksum, hmac,
       error_code, error_message, error_hint, disposed_at, disposed_reason)
     VALUES ($1, 'main', 'full', 'full', $2, 'cli', now(), 'f', 'c', 'h', $3, $3, $3, $4, $5)`,
    [id, ended === 'disposed' ? 'missing' : ended, code, ...disposed],
  );
  return id;
}
