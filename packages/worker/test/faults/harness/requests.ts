import { setTimeout as delay } from 'node:timers/promises';
import type { Actor } from '@safekeep/shared/audit/audit';
import { Secret } from '@safekeep/shared/config/secret';
import { createHistoryPool } from '@safekeep/shared/history/database';
import { Producer } from '@safekeep/shared/queues/producer';
import { requestBackup } from '@safekeep/shared/queues/request-backup';
import { requestCleanup } from '@safekeep/shared/queues/request-cleanup';
import { requestRecoveryTest } from '@safekeep/shared/queues/request-recovery-test';
import { requestRestore } from '@safekeep/shared/queues/request-restore';
import { requestVerification } from '@safekeep/shared/queues/request-verification';
import type { World } from '../../process/world.js';

type Table = 'backups' | 'verifications' | 'recovery_tests' | 'restores' | 'cleanup_runs';

/** A job that was accepted. */
export interface Asked {
  readonly table: Table;
  readonly id: string;
}

/** How it ended, as its row says. */
export interface Ended {
  readonly id: string;
  readonly status: string;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly error_hint: string | null;
  readonly attempts: number;
  readonly file_name: string | null;
}

/** Asks for jobs as the command line does, without a process for each: some faults need many. */
export interface Requests {
  backup(source?: string, type?: 'full' | 'incremental'): Promise<Asked>;
  verify(backupId: string): Promise<Asked>;
  prove(backupId: string): Promise<Asked>;
  restore(backupId: string, targetDatabase: string): Promise<Asked>;
  cleanUp(): Promise<Asked>;
  /** Waits until a job has ended; the test's own timeout is the bound. */
  end(asked: Asked): Promise<Ended>;
  close(): Promise<void>;
}

const CLI: Actor = { id: null, name: 'cli', address: null };

export function openRequests(world: World, sourceNames: readonly string[] = ['main']): Requests {
  const pool = createHistoryPool(new Secret(world.postgres.url('history')), 4, () => {});
  const producer = new Producer(new Secret(world.redis.url), () => {});
  const queueing = { pool, producer, sourceNames };
  const by = { via: 'cli', actor: CLI } as const;
  const asked = async (table: Table, row: Promise<{ readonly id: string }>) => ({
    table,
    id: (await row).id,
  });
  return {
    backup: (source = 'main', type = 'full') =>
      asked('backups', requestBackup(queueing, { ...by, source, type, idempotencyKey: null })),
    verify: (backupId) =>
      asked('verifications', requestVerification(queueing, { ...by, backupId, note: null })),
    prove: (backupId) =>
      asked('recovery_tests', requestRecoveryTest(queueing, { ...by, backupId, note: null })),
    restore: (backupId, targetDatabase) => {
      const wanted = { backupId, targetDatabase, withRoles: false, withGrants: false };
      return asked('restores', requestRestore(queueing, { ...by, ...wanted }));
    },
    cleanUp: () => asked('cleanup_runs', requestCleanup(queueing, { ...by, dryRun: false, source: null })),
    end: async ({ table, id }) => {
      for (;;) {
        const { rows } = await pool.query<Ended>(
          `SELECT * FROM ${table} WHERE id = $1 AND status NOT IN ('queued', 'running')`,
          [id],
        );
        if (rows[0] !== undefined) return rows[0];
        await delay(50);
      }
    },
    close: async () => {
      await Promise.all([producer.close(), pool.end()]);
    },
  };
}
