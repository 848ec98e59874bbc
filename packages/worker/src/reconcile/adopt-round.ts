import type { Secret } from '@safekeep/shared/config/secret';
import { SafekeepError } from '@safekeep/shared/errors';
import type { Logger } from '@safekeep/shared/logger';
import type { Producer } from '@safekeep/shared/queues/producer';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import type pg from 'pg';
import { WORKER } from '../actor.js';
import { adoptUnknown } from '../catalog/adopt-found.js';
import { inTurn } from './in-turn.js';
import type { Round } from './reconciler.js';
import { verifyAdopted } from './verify-adopted.js';

interface Deps {
  readonly pool: pg.Pool;
  readonly producer: Producer;
  readonly logger: Logger;
  readonly encryptionKey: Secret;
  readonly storageOf: (source: string) => BackupStorage;
  readonly sourceNames: readonly string[];
}

/** History takes in what was backed up without it, and what it forgot because it was set back to an older copy. */
export function adoptRound(deps: Deps): Round {
  // A sidecar that is not believed is told once and not read again until the worker starts anew.
  const rejected = new Set<string>();
  const turn = {
    round: 'adoption',
    logger: deps.logger,
    items: deps.sourceNames,
    factsOf: (source: string) => ({ source }),
  };
  return {
    name: 'adoption',
    pause: 20_000,
    run: async () => {
      await inTurn(turn, async (source) => {
        await adoptOf(source, deps, rejected);
        await verifyAdopted(deps, source);
      });
    },
  };
}

async function adoptOf(source: string, deps: Deps, passOver: Set<string>): Promise<void> {
  const { pool, logger, encryptionKey } = deps;
  const storage = deps.storageOf(source);
  const found = await adoptUnknown({ pool, storage, source, encryptionKey, actor: WORKER }, passOver).catch(
    unlessNotThere,
  );
  if (found === null) return;
  for (const file of [...found.adopted, ...found.missing, ...found.strange]) {
    logger.warn('history took in a backup that it did not know', { source, file });
  }
  for (const file of found.withoutBase) {
    logger.error('an incremental restores nothing, for its base is not there', { source, file });
  }
  for (const { name, reason } of found.rejected) {
    passOver.add(name);
    logger.warn('a sidecar that history does not know is not believed', { source, name, reason });
  }
}

/** Before the first backup of a source its folder is not there; a directory that is gone is told by its backups. */
function unlessNotThere(error: unknown): null {
  if (error instanceof SafekeepError && error.code === 'BACKUP_DIR_UNUSABLE') return null;
  throw error;
}
