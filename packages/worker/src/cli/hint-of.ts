import { ERRORS } from '@safekeep/shared/errors';

/** What to do about an error whose code a row keeps, as a line of its own; empty where the catalogue's hint needs more than the code. */
export function hintOf(code: string | null): string {
  const hint = code !== null && code in ERRORS ? ERRORS[code as keyof typeof ERRORS].hint : '';
  return hint === '' || hint.includes('{') ? '' : `\n  ${hint}`;
}
