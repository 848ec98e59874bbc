import { setTimeout as delay } from 'node:timers/promises';
import type { Backup } from '@safekeep/shared/contracts/backup';
import type { Finding } from '@safekeep/shared/contracts/finding';
import type { World } from '../../process/world.js';
import type { Api } from './fault-world.js';

/** How a job ended, as its row tells it. */
export interface Ended {
  readonly status: string;
  readonly verdict: string | null;
  readonly reason: string | null;
  readonly errorCode: string | null;
  readonly findings: readonly Finding[] | null;
}

interface RestoreOptions {
  readonly withRoles?: boolean;
  readonly withGrants?: boolean;
}

/** Asks for jobs over HTTP, as a script of an operator's does, and waits until they have ended. */
export interface Asker {
  /** A new backup, which must succeed. */
  backup(type: 'full' | 'incremental', source?: string): Promise<Backup>;
  verify(backupId: string): Promise<Ended>;
  prove(backupId: string): Promise<Ended>;
  /** A look at what is in the directories and what is not. */
  inventory(): Promise<Ended>;
  /** A restore into a database that must not exist. */
  restore(backupId: string, into: string, options?: RestoreOptions): Promise<Ended>;
}

export function asker(world: World, api: Api): Asker {
  const job = async (path: string, body: object, table: string) =>
    endOf(world, table, await accepted(api, path, body));
  return {
    backup: async (type, source = 'main') => {
      const id = await accepted(api, `/backup/${type}`, { source });
      const { status, errorCode } = await endOf(world, 'backups', id);
      if (status !== 'completed') throw new Error(`the ${type} backup of ${source} failed: ${errorCode}`);
      return (await api.request('GET', `/backup/${id}`)).body;
    },
    verify: (backupId) => job(`/backup/${backupId}/verify`, {}, 'verifications'),
    prove: (backupId) => job('/backup/recovery/test', { backupId }, 'recovery_tests'),
    inventory: () => job('/backup/cleanup', { dryRun: true }, 'cleanup_runs'),
    restore: (backupId, targetDatabase, options) =>
      job('/backup/recovery/restore', { backupId, targetDatabase, ...options }, 'restores'),
  };
}

/** The id of the job. A campaign asks more often than one person may, and waits as it is told. */
async function accepted(api: Api, path: string, body: object): Promise<string> {
  for (;;) {
    const answer = await api.request('POST', path, { body });
    if (answer.status === 202) return answer.body.id;
    if (answer.status !== 429) throw new Error(`POST ${path} was answered ${answer.status}`);
    await delay(2_000);
  }
}

async function endOf(world: World, table: string, id: string): Promise<Ended> {
  for (;;) {
    const [found] = await world.sql<{ row: Partial<Ended> & { status: string; error_code: string | null } }>(
      'history',
      `SELECT to_jsonb(t) AS row FROM ${table} t WHERE id = '${id}' AND status NOT IN ('queued', 'running')`,
    );
    if (found !== undefined) {
      const { status, verdict = null, reason = null, error_code: errorCode, findings = null } = found.row;
      return { status, verdict, reason, errorCode, findings };
    }
    await delay(30);
  }
}

/** Waits until an alert of this rule is open that is about `subject`, which may be empty; looks at once and then every 30 s. */
export async function alertOf(
  world: World,
  rule: string,
  { source, subject = '' }: { readonly source: string; readonly subject?: string },
): Promise<{ severity: string; message: string }> {
  for (;;) {
    const [alert] = await world.sql<{ severity: string; message: string }>(
      'history',
      `SELECT severity, message FROM alerts
       WHERE rule = '${rule}' AND source = '${source}' AND subject = '${subject}' AND resolved_at IS NULL`,
    );
    if (alert !== undefined) return alert;
    await delay(200);
  }
}
