import { type Job, type Processor, UnrecoverableError } from 'bullmq';

/** The processor of a queue with several kinds of jobs. (BullMQ hands the signal only to a function with three parameters.) */
export function byName(processors: Readonly<Record<string, Processor>>): Processor {
  return async function process(job: Job, token: string | undefined, signal: AbortSignal | undefined) {
    const processor = Object.hasOwn(processors, job.name) ? processors[job.name] : undefined;
    if (processor === undefined) throw new UnrecoverableError('this worker knows no job of that name');
    return processor(job, token, signal);
  };
}
