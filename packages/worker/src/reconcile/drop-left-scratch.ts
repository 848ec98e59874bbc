import type { Secret } from '@safekeep/shared/config/secret';
import { listLeftScratch } from '@safekeep/shared/history/recovery-tests';
import { describeError, type Logger } from '@safekeep/shared/logger';
import type pg from 'pg';
import { dropScratch } from '../jobs/scratch-database.js';
import type { Round } from './reconciler.js';

interface LeftScratchDeps {
  readonly pool: pg.Pool;
  readonly logger: Logger;
  /** The server for the recovery tests of a source. */
  readonly scratchServerOf: (source: string) => Secret;
}

/**
 * Drops the scratch databases of recovery tests whose workers died: only those that history names, each of which it knew
 * before it was made. Dropping one twice is harmless, so workers need not take turns.
 */
export function scratchRound(deps: LeftScratchDeps): Round {
  const told = new Set<string>();
  return { name: 'scratch databases', pause: 5_000, run: () => dropLeftScratch(deps, told) };
}

/** @param told names of databases that could not be dropped and were reported */
async function dropLeftScratch(deps: LeftScratchDeps, told: Set<string>): Promise<void> {
  const { pool, logger, scratchServerOf } = deps;
  for (const { id, source, name } of await listLeftScratch(pool)) {
    const facts = { recoveryTestId: id, database: name };
    try {
      await dropScratch({ pool, logger, server: scratchServerOf(source) }, id, name);
      logger.warn('dropped a scratch database that a dead run left', facts);
    } catch (error) {
      if (told.has(name)) continue;
      told.add(name);
      logger.error('a scratch database is left and cannot be dropped', {
        ...facts,
        error: describeError(error),
      });
    }
  }
}
