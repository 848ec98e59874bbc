import { type Actor, appendAudit } from '@safekeep/shared/audit/audit';
import { persist } from '@safekeep/shared/jobs/persist';
import type { Logger } from '@safekeep/shared/logger';
import type pg from 'pg';

const WORKER: Actor = { id: null, name: 'worker', address: null };

/** Leaves the audit event of the end of a job about a backup, whatever its end was; waits for history where it must. */
export async function auditEnd(
  deps: { readonly pool: pg.Pool; readonly logger: Logger },
  backup: { readonly id: string; readonly source: string },
  action: `${'backup' | 'verification' | 'recovery-test' | 'restore'}.${'completed' | 'passed' | 'failed' | 'error'}`,
  result: 'ok' | 'failed',
  detail: Readonly<Record<string, string>>,
): Promise<void> {
  const event = {
    actor: WORKER,
    action,
    target: backup.id,
    result,
    detail: { source: backup.source, ...detail },
  };
  await persist(() => appendAudit(deps.pool, event), deps.logger);
}
