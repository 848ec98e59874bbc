import { createProcessor } from '@safekeep/shared/jobs/processor';
import { dueJob } from '@safekeep/shared/queues/contracts';
import { type Scheduling, serveDue } from '@safekeep/shared/schedules/serve-due';
import { type Job, UnrecoverableError } from 'bullmq';

/** The processor of jobs that announce a due time of a schedule. It is short: the job that is asked for does the work. */
export function createDueProcessor(scheduling: Scheduling) {
  return createProcessor<never>({
    logger: scheduling.logger,
    begin: async (job) => ({ kind: 'ended', status: await serve(scheduling, job) }),
    attempt: async () => {},
  });
}

async function serve(scheduling: Scheduling, job: Job): Promise<string> {
  const announced = dueJob.safeParse(job.data).data;
  if (announced === undefined) throw new UnrecoverableError('the job does not keep its contract');
  const { source, schedule: name } = announced;
  const served = await serveDue(scheduling, { source, name, by: 'queue' });
  if (served === 'unknown schedule') {
    scheduling.logger.warn('a due time of a schedule that is not there is ignored', {
      schedule: name,
      source,
    });
  }
  return served;
}
