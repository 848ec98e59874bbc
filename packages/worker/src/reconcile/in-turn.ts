import { describeError, type Logger } from '@safekeep/shared/logger';

interface Turn<T> {
  /** Name of the round, for the log. */
  readonly round: string;
  readonly logger: Logger;
  readonly items: readonly T[];
  /** What tells one item from the others in the log. */
  readonly factsOf: (item: T) => Readonly<Record<string, string>>;
}

/** Does a round's work for one item after the other. One where it fails is told, and does not keep the others from theirs. */
export async function inTurn<T>(turn: Turn<T>, work: (item: T) => Promise<void>): Promise<void> {
  for (const item of turn.items) {
    await work(item).catch((error: unknown) => {
      turn.logger.warn('reconciler: not finished, trying again', {
        round: turn.round,
        ...turn.factsOf(item),
        error: describeError(error),
      });
    });
  }
}
