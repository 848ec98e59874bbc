import type { Logger } from '@safekeep/shared/logger';
import { findOrphanedPrograms } from '../postgres/orphaned-programs.js';
import { signalGroup } from '../postgres/process-group.js';
import type { Round } from './reconciler.js';

/**
 * Ends the programs that killed workers of this machine left running. A program that SIGTERM does not end until the next
 * look (it tells its server first, which may be out of reach) gets SIGKILL.
 */
export function orphanRound(logger: Logger): Round {
  let told = new Set<number>();
  return {
    name: 'orphaned programs',
    pause: 15_000,
    run: async () => {
      const orphans = await findOrphanedPrograms();
      for (const pid of orphans) {
        const signal = told.has(pid) ? 'SIGKILL' : 'SIGTERM';
        logger.warn('ends a program that a killed worker left', { pid, signal });
        signalGroup(pid, signal);
      }
      told = new Set(orphans);
    },
  };
}
