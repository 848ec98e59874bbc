import type { CleanupDecision, CleanupRun } from '../../../packages/shared/src/contracts/cleanup.js';
import type { RecoveryTest } from '../../../packages/shared/src/contracts/recovery-test.js';
import type { Restore } from '../../../packages/shared/src/contracts/restore.js';
import { ended, type Installation } from './installation.js';
import { addOldBackups, addSlowRestore, type OldBackups } from './old-rows.js';
import type { World } from './world.js';

/** A recovery test of the installation's backup. */
export function recoveryTest(installation: Installation): Promise<RecoveryTest> {
  return installation.once('recovery test', async () => {
    const { backup } = installation;
    const { id } = await installation.request<{ id: string }>('/backup/recovery/test', {
      backupId: backup.id,
    });
    const tests = await installation.until<RecoveryTest[]>('/backup/recovery/tests', (all) =>
      all.some((test) => test.id === id && ended(test)),
    );
    return tests.find((test) => test.id === id) as RecoveryTest;
  });
}

/** A restore of the installation's backup into a new database; its name. */
export function restoredDatabase(installation: Installation): Promise<string> {
  return installation.once('restore', async () => {
    const targetDatabase = `restored_${installation.name}`;
    const request = { backupId: installation.backup.id, targetDatabase };
    const { id } = await installation.request<{ id: string }>('/backup/recovery/restore', request);
    const { status, reason } = await installation.until<Restore>(`/backup/recovery/restores/${id}`, ended);
    if (status !== 'completed') throw new Error(`the restore failed: ${reason}`);
    return targetDatabase;
  });
}

/** What a dry run of retention decides where there are old backups. */
export function retention(
  world: World,
  installation: Installation,
): Promise<{ decisions: readonly CleanupDecision[]; old: OldBackups }> {
  return installation.once('cleanup', async () => {
    const old = await addOldBackups(world.pool(installation.history), installation.value('BACKUP_DIR'));
    const { id } = await installation.request<{ id: string }>('/backup/cleanup', {
      dryRun: true,
      source: 'main',
    });
    const runs = await installation.until<CleanupRun[]>('/backup/cleanup', (all) =>
      all.some((one) => one.id === id && ended(one)),
    );
    return { decisions: runs.find((one) => one.id === id)?.decisions ?? [], old };
  });
}

/** What speaks against the source `lab`, whose backup and whose restore are two hours old and long. */
export function complianceReasons(world: World, installation: Installation): Promise<readonly string[]> {
  return installation.once('compliance', async () => {
    await addSlowRestore(world.pool(installation.history));
    const { compliance } = await installation.until<{
      compliance: { reasons: { source: string | null; reason: string }[] };
    }>('/backup/monitoring/statistics', (body) =>
      // The facts of a moment ago may be told again.
      body.compliance.reasons.every(({ source, reason }) => source !== 'lab' || reason !== 'no-backup'),
    );
    return compliance.reasons.filter(({ source }) => source === 'lab').map(({ reason }) => reason);
  });
}
