import { loadConfig } from '@safekeep/shared/config/load';
import { createHistoryPool } from '@safekeep/shared/history/database';
import { migrateHistory } from '@safekeep/shared/history/migrate';
import { LocalStorage } from '@safekeep/shared/storage/local';
import { type AdoptionSummary, adoptAll } from '../../catalog/adopt-found.js';
import { chosenSources } from '../chosen-sources.js';
import { print } from '../print.js';
import { type CliOptions, localActor } from '../session.js';

/**
 * `backup.sh catalog rebuild`: makes history's tables where they are not there and takes in every backup whose sidecar the
 * key authenticates. Needs the files and the key, not Redis. Exits with 1 when there are sidecars that it does not believe, files that are not as
 * their sidecars say, or incrementals without their base.
 */
export async function catalogRebuildVerb(options: CliOptions): Promise<number> {
  const config = loadConfig(process.env, 'catalog');
  const names = chosenSources(config.sourceNames, options);
  await migrateHistory(config);
  const pool = createHistoryPool(config.HISTORY_DATABASE_URL, 2, () => {});
  try {
    const found: AdoptionSummary[] = [];
    for (const source of names) {
      const storage = new LocalStorage(config.BACKUP_DIR, source);
      const encryptionKey = config.BACKUP_ENCRYPTION_KEY;
      found.push(await adoptAll({ pool, storage, source, encryptionKey, actor: localActor() }));
    }
    print(options, found, () => found.map(describe).join('\n'));
    return found.some(isTroubling) ? 1 : 0;
  } finally {
    await pool.end();
  }
}

function isTroubling({ rejected, strange, withoutBase }: AdoptionSummary): boolean {
  return rejected.length + strange.length + withoutBase.length > 0;
}

function describe(summary: AdoptionSummary): string {
  const { source, adopted, missing, withoutBase, strange, known, rejected, gaps } = summary;
  const lines = [`source ${source}: ${adopted.length} taken into history, ${known} known already`];
  for (const file of missing) lines.push(`  missing   ${file}: its sidecar is there, the backup file is not`);
  for (const file of withoutBase) {
    lines.push(
      `  NO BASE   ${file}: restores nothing, for the full backup that it builds on is not there; bring that back, or take another full`,
    );
  }
  for (const file of strange) {
    lines.push(
      `  STRANGE   ${file}: no ordinary file, or not as large as its sidecar says: do not count on it`,
    );
  }
  for (const { name, reason } of rejected) lines.push(`  REFUSED   ${name}: ${reason}`);
  for (const gap of gaps) lines.push(`  gap       ${gap}`);
  if (adopted.length > 0) {
    lines.push('  next      verify them: backup.sh test');
    lines.push(
      '            hold again what was under legal hold, within 7 days: backup.sh hold ID --reason …',
    );
  }
  return lines.join('\n');
}
