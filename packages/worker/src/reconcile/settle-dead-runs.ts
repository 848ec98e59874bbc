import type { Source } from '@safekeep/shared/config/sources';
import { SafekeepError } from '@safekeep/shared/errors';
import {
  listLapsedRuns,
  listUnsweptSources,
  loseLapsedRun,
  whileNoRun,
} from '@safekeep/shared/history/dead-runs';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { requireKnownDirectory } from '../jobs/require-known-directory.js';
import type { Services } from '../services.js';
import { inTurn } from './in-turn.js';
import type { Round } from './reconciler.js';
import { takeOver } from './take-over.js';

interface Deps extends Pick<Services, 'pool' | 'logger' | 'storageOf' | 'encryptionKey'> {
  readonly sources: readonly Source[];
}

/**
 * Settles what dead runs of backups left when no next run of their source does: hidden files, a published backup whose row
 * does not say so, sessions on the source. Hidden files that history knows no run of go, too: it may have been set back to
 * an older copy.
 */
export function deadRunsRound(deps: Deps): Round {
  // After an outage of history every lease has lapsed, and the living renew theirs within seconds: dead is who is silent at two looks.
  let silent: ReadonlySet<string> = new Set();
  const turn = {
    round: 'dead runs',
    logger: deps.logger,
    items: deps.sources,
    factsOf: ({ name }: Source) => ({ source: name }),
  };
  return {
    name: 'dead runs',
    pause: 15_000,
    run: async () => {
      const lapsed = await listLapsedRuns(deps.pool);
      const before = silent;
      silent = new Set(lapsed.map(({ id }) => id));
      for (const { id, source } of lapsed) if (before.has(id)) await loseLapsedRun(deps.pool, source);
      const unswept = await listUnsweptSources(deps.pool);
      await inTurn(turn, async (source) => {
        const storage = deps.storageOf(source.name);
        if (unswept.includes(source.name) || (await hasPartials(storage)))
          await settle(deps, source, storage);
      });
    },
  };
}

/** Before the first backup of a source its folder is not there. */
async function hasPartials(storage: BackupStorage): Promise<boolean> {
  try {
    return (await storage.listPartials()).length > 0;
  } catch (error) {
    if (error instanceof SafekeepError && error.code === 'BACKUP_DIR_UNUSABLE') return false;
    throw error;
  }
}

async function settle(deps: Deps, source: Source, storage: BackupStorage): Promise<void> {
  await whileNoRun(deps.pool, source.name, async (lost) => {
    // Before anything is removed or believed: the directory is there.
    await storage.check();
    await requireKnownDirectory(deps.pool, storage, source.name);
    if (lost.length > 0) return void (await takeOver({ ...deps, storage, source }, lost));
    const swept = await storage.sweepPartials();
    deps.logger.warn('removed hidden files of no run', { source: source.name, swept });
  });
}
