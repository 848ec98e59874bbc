import { SafekeepError } from '@safekeep/shared/errors';
import { describeError } from '@safekeep/shared/logger';
import { type Diagnosis, problem } from './diagnosis.js';

/** An error that a check met, as a problem of what it looked at. */
export function fromError(subject: string, error: unknown): Diagnosis {
  if (!(error instanceof SafekeepError)) {
    const { code, message } = describeError(error);
    return problem(subject, `could not be looked at: ${message} (${code})`, 'Please report this.', 1);
  }
  const code = error.exitCode === 3 || error.exitCode === 4 ? error.exitCode : 1;
  return problem(subject, error.message, error.hint, code);
}
