import { SafekeepError } from '@safekeep/shared/errors';
import { translateOutage } from '@safekeep/shared/history/outage';
import { describeError } from '@safekeep/shared/logger';
import { CommanderError } from 'commander';

/** How a command that failed ends, and what it says; `null` where the parser of the command line has spoken already. */
export interface Failure {
  readonly exitCode: number;
  readonly problem: { readonly code: string; readonly message: string; readonly hint: string } | null;
}

/** Errors become a sentence, a hint and the documented exit code. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2, problem: null };
  const known = translateOutage(error);
  if (known instanceof SafekeepError) {
    const { code, message, hint, exitCode } = known;
    return { exitCode, problem: { code, message, hint } };
  }
  const { code, message } = describeError(known);
  const hint = 'Please report this with the version and what you did.';
  return { exitCode: 1, problem: { code, message: `failed: ${message}`, hint } };
}
