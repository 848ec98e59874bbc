import { listSchedules, type ScheduleRow } from '@safekeep/shared/history/schedules';
import type { ConfiguredSchedule } from '@safekeep/shared/schedules/kinds';
import { addMissingSchedules } from '@safekeep/shared/schedules/register';
import { type Scheduling, serveDue } from '@safekeep/shared/schedules/serve-due';
import { syncSchedulers } from '@safekeep/shared/schedules/sync-schedulers';
import { inTurn } from './in-turn.js';
import type { Round } from './reconciler.js';

/** Between two looks, in milliseconds. */
const PAUSE = 15_000;

/** What keeps the schedules going when the queue has lost them, was emptied, or nobody took a due time. */
export function scheduleRounds(scheduling: Scheduling, wanted: readonly ConfiguredSchedule[]): Round[] {
  const { pool, producer } = scheduling;
  return [
    {
      name: 'schedules',
      pause: PAUSE,
      run: async () => {
        await addMissingSchedules(pool, wanted);
        await syncSchedulers(pool, producer);
      },
    },
    // Not in one round with the other: due times are served into history, also while the queue is away.
    { name: 'due times', pause: PAUSE, run: () => serveOverlooked(scheduling) },
  ];
}

/** Serves the due times that the queue has let pass. Any number of workers may do so at once. */
async function serveOverlooked(scheduling: Scheduling): Promise<void> {
  const turn = {
    round: 'due times',
    logger: scheduling.logger,
    items: await listSchedules(scheduling.pool),
    factsOf: ({ source, name }: ScheduleRow) => ({ source, schedule: name }),
  };
  await inTurn(turn, async ({ source, name }) => {
    await serveDue(scheduling, { source, name, by: 'reconciler' });
  });
}
