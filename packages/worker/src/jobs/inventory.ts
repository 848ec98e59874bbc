import { markPresence } from '@safekeep/shared/history/backups';
import { inTransaction } from '@safekeep/shared/history/database';
import { findKnownFiles } from '@safekeep/shared/history/known-files';
import { insertSample, writeFindings } from '@safekeep/shared/history/storage-findings';
import type { Logger } from '@safekeep/shared/logger';
import { type Inventory, takeInventory } from '@safekeep/shared/policy/inventory';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import type pg from 'pg';

export interface InventoryDeps {
  readonly pool: pg.Pool;
  readonly logger: Logger;
  readonly storageOf: (source: string) => BackupStorage;
}

/** A directory that somebody uses for other things too is told by some of its strangers; nobody reads more. */
const MOST_FINDINGS = 1_000;

/**
 * Compares a source's directory with history and writes down what does not agree: findings open and resolve by
 * themselves, a backup whose file is gone becomes `missing`, and how full the volume is gets a sample.
 *
 * @throws SafekeepError BACKUP_DIR_UNUSABLE; then nothing is known, so nothing is changed
 */
export async function inventory(deps: InventoryDeps, source: string): Promise<Inventory> {
  const storage = deps.storageOf(source);
  const found = await compare(deps.pool, storage, source);
  const [free, total] = [await storage.freeBytes(), await storage.totalBytes()];
  const news = await inTransaction(deps.pool, async (db) => {
    // Takes turns with inventories of other workers.
    await db.query('SELECT pg_advisory_xact_lock(7305010, hashtext($1))', [source]);
    await writeFindings(db, source, found.findings.slice(0, MOST_FINDINGS));
    await insertSample(db, { source, free, total, backups: found.backupBytes });
    if (found.looksUnmounted) return [];
    const marked = [];
    for (const backup of found.gone) if (await markPresence(db, backup.id, false)) marked.push(backup);
    return marked;
  });
  tell(deps.logger, source, found);
  for (const { id, fileName } of news)
    deps.logger.warn('a backup file is missing', { source, backupId: id, file: fileName });
  return found;
}

/**
 * A backup that was completed, or disposed of, between the reading of the directory and that of history would look
 * missing. So only that is missing which is missing twice.
 */
async function compare(pool: pg.Pool, storage: BackupStorage, source: string): Promise<Inventory> {
  const look = async () =>
    takeInventory(await storage.list(), await findKnownFiles(pool, source), new Date());
  const first = await look();
  if (!first.findings.some((finding) => finding.kind === 'missing-file')) return first;
  const second = await look();
  const missing = new Set(
    first.findings.filter(({ kind }) => kind === 'missing-file').map(({ name }) => name),
  );
  return {
    ...second,
    findings: second.findings.filter(({ kind, name }) => kind !== 'missing-file' || missing.has(name)),
    gone: second.gone.filter((backup) => missing.has(backup.fileName)),
  };
}

function tell(logger: Logger, source: string, found: Inventory): void {
  if (found.looksUnmounted)
    logger.error('not one file of any backup is in the directory: is its volume mounted?', { source });
  for (const { id, fileName } of found.back)
    logger.warn('a missing backup file is there again; verify it to use it', {
      source,
      backupId: id,
      file: fileName,
    });
}
