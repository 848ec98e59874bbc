import { readStorageState } from '@safekeep/shared/history/storage-findings';
import type { CliSession } from './session.js';

/** Says on standard error what the last inventories found in the backup directories; it makes no command fail. */
export async function warnOfFindings({ pool, options }: CliSession): Promise<void> {
  const { findings } = await readStorageState(pool);
  for (const { source, name, kind, message } of findings) {
    if (options.source !== undefined && options.source !== source) continue;
    // A stranger's name may hold anything, also what a terminal obeys.
    process.stderr.write(`warning: ${source}: ${kind} ${JSON.stringify(name)}: ${message}\n`);
  }
}
