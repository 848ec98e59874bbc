import type { Job } from 'bullmq';

/** Pause between two reports in milliseconds. */
const PAUSE = 1_000;

/** Reports a job's progress to the queue until `close` is called. Redis being away costs reports, never the job. */
export function reportProgress(job: Job, read: () => object | null): { close(): void } {
  let reporting = false;
  const timer = setInterval(() => {
    const progress = read();
    if (progress === null || reporting) return;
    reporting = true;
    const done = () => {
      reporting = false;
    };
    job.updateProgress(progress).then(done, done);
  }, PAUSE);
  return { close: () => clearInterval(timer) };
}

/** Adds a line to the job's log in the queue; the line may get lost with Redis. */
export function note(job: Job, line: string): void {
  job.log(line).catch(() => {});
}
