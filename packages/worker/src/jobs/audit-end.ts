import { appendAudit } from '@safekeep/shared/audit/audit';
import type { Database } from '@safekeep/shared/history/database';
import { WORKER } from '../actor.js';

/**
 * Leaves the audit event of the end of a job about a backup, whatever its end was. In the transaction that ends the job:
 * a worker that is killed leaves both or neither, and an answer that was lost adds no second event.
 */
export async function auditEnd(
  db: Database,
  backup: { readonly id: string; readonly source: string },
  action: `${'backup' | 'verification' | 'recovery-test' | 'restore'}.${'completed' | 'passed' | 'failed' | 'error' | 'cancelled'}`,
  result: 'ok' | 'failed',
  detail: Readonly<Record<string, string>>,
): Promise<void> {
  const about = { source: backup.source, ...detail };
  await appendAudit(db, { actor: WORKER, action, target: backup.id, result, detail: about });
}
