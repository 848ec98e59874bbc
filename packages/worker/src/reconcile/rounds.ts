import { configuredSchedules } from '@safekeep/shared/schedules/kinds';
import type { Services } from '../services.js';
import { adoptRound } from './adopt-round.js';
import { scratchRound } from './drop-left-scratch.js';
import { orphanRound } from './end-orphaned-programs.js';
import { inventoryRound } from './inventory-round.js';
import { scheduleRounds } from './keep-schedules.js';
import type { Round } from './reconciler.js';
import { requeueAbandoned } from './requeue-abandoned.js';
import { deadRunsRound } from './settle-dead-runs.js';

/** All that every worker looks after. */
export function workerRounds(services: Services): Round[] {
  const { pool, producer, logger, config } = services;
  return [
    { name: 'jobs', pause: 15_000, run: () => requeueAbandoned(pool, producer, logger) },
    deadRunsRound({ ...services, sources: config.sources }),
    orphanRound(logger),
    scratchRound(services),
    adoptRound(services),
    inventoryRound(services),
    ...scheduleRounds(services, configuredSchedules(config)),
  ];
}
