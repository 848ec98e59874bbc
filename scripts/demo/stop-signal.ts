import { processFacts } from './process-facts.js';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const LOOK_FOR_CALLERS_EVERY_MS = 500;

/** Somebody asked the run to stop. */
export class Stopped extends Error {
  readonly exitCode: number;

  constructor(signal: keyof typeof EXIT_CODES) {
    super(`stopped by ${signal}`);
    this.exitCode = EXIT_CODES[signal];
  }
}

/** A signal that aborts with `Stopped` on Ctrl-C, `kill`, a closed terminal or the end of npm. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (signal: keyof typeof EXIT_CODES) => controller.abort(new Stopped(signal));
  for (const signal of Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[]) {
    process.on(signal, () => stop(signal));
  }
  const chain = callers();
  const timer = setInterval(() => {
    if (callers() !== chain) stop('SIGTERM');
  }, LOOK_FOR_CALLERS_EVERY_MS);
  timer.unref();
  return controller.signal;
}

/**
 * The processes that a person started this one with: tsx, and under npm the shell above it. `kill` of npm ends the
 * shell but reaches neither tsx nor this process, which would then run on unseen.
 */
function callers(): string {
  const shell = process.env.npm_lifecycle_event === undefined ? '' : processFacts(process.ppid)?.parent;
  return `${process.ppid} ${shell}`;
}
