import { SafekeepError } from '@safekeep/shared/errors';
import { listRetained } from '@safekeep/shared/history/retained-backups';
import { isInventoryDue } from '@safekeep/shared/history/storage-findings';
import { type InventoryDeps, inventory } from '../jobs/inventory.js';
import { inTurn } from './in-turn.js';
import type { Round } from './reconciler.js';

/** How old the last look at a directory may get, in seconds. */
const EVERY = 15 * 60;

/** The folder of a further source is made with its first backup. */
async function awaitsFirstBackup({ pool }: InventoryDeps, source: string, error: unknown): Promise<boolean> {
  if (!(error instanceof SafekeepError) || error.code !== 'BACKUP_DIR_UNUSABLE') return false;
  return (await listRetained(pool, source)).length === 0;
}

/** Looks after every source's directory. Every worker asks each minute; whoever asks when it is due does it. */
export function inventoryRound(
  deps: InventoryDeps & { readonly sourceNames: readonly string[] },
  { pause = 60_000, every = EVERY }: { readonly pause?: number; readonly every?: number } = {},
): Round {
  const turn = {
    round: 'inventory',
    logger: deps.logger,
    items: deps.sourceNames,
    factsOf: (source: string) => ({ source }),
  };
  return {
    name: 'inventory',
    pause,
    run: async () => {
      await inTurn(turn, async (source) => {
        try {
          if (await isInventoryDue(deps.pool, source, every)) await inventory(deps, source);
        } catch (error) {
          if (!(await awaitsFirstBackup(deps, source, error))) throw error;
        }
      });
    },
  };
}
