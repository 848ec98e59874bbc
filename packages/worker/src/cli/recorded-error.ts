import { ERRORS, type ErrorCode } from '@safekeep/shared/errors';

/** The exit code of a job that failed with an error whose code its row keeps. */
export function exitCodeOfError(code: string | null | undefined): number {
  return isKnown(code) ? ERRORS[code].exitCode : 1;
}

/** What to do about an error whose code a row keeps, as a line of its own; empty where the catalogue's hint needs more than the code. */
export function hintOf(code: string | null): string {
  const hint = isKnown(code) ? ERRORS[code].hint : '';
  return hint === '' || hint.includes('{') ? '' : `\n  ${hint}`;
}

function isKnown(code: string | null | undefined): code is ErrorCode {
  return typeof code === 'string' && code in ERRORS;
}
