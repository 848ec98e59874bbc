import type { Schedule, ScheduleChange } from '@safekeep/shared/contracts/schedule';
import { describeError } from '@safekeep/shared/logger';
import { changeSchedule } from '@safekeep/shared/schedules/change';
import { showSchedules } from '@safekeep/shared/schedules/show';
import { syncSchedulers } from '@safekeep/shared/schedules/sync-schedulers';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** All schedules with their next run. */
export async function readSchedules({ pool }: Services): Promise<Answer<Schedule[]>> {
  return { body: await showSchedules(pool) };
}

/** Changes one schedule. What history says holds; a queue that is away is told by the workers later. */
export async function patchSchedule(
  { pool, producer, logger }: Services,
  { input, audit }: Call<{ params: { name: string }; body: ScheduleChange }>,
): Promise<Answer<Schedule>> {
  const body = await changeSchedule(pool, input.params.name, input.body, audit.actor);
  await syncSchedulers(pool, producer).catch((error: unknown) => {
    logger.warn('the queue does not follow a changed schedule yet', { error: describeError(error) });
  });
  return { body };
}
