import { describeError, type Logger } from '@safekeep/shared/logger';

/** Something that every worker looks after again and again, each round by whoever comes first. */
export interface Round {
  /** For the log. */
  readonly name: string;
  /** Between two rounds, in milliseconds. */
  readonly pause: number;
  run(): Promise<void>;
}

/**
 * Brings history, files, queue and servers back into agreement, round by round. A round that fails is tried again after
 * its pause; rounds do not wait for each other.
 */
export function startReconciler(rounds: readonly Round[], logger: Logger): { close(): Promise<void> } {
  const loops = rounds.map((round) => repeat(round, logger));
  return {
    close: async () => {
      await Promise.all(loops.map((loop) => loop.close()));
    },
  };
}

function repeat(round: Round, logger: Logger): { close(): Promise<void> } {
  let running: Promise<void> | null = null;
  const begin = () => {
    if (running !== null) return;
    running = round
      .run()
      .catch((error: unknown) => {
        logger.warn('reconciler: round not finished, trying again', {
          round: round.name,
          error: describeError(error),
        });
      })
      .finally(() => {
        running = null;
      });
  };
  // A worker that was away finds what happened meanwhile at once.
  begin();
  const timer = setInterval(begin, round.pause);
  return {
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
